use super::example;
use super::*;

#[test]
fn write_to_look_at() {
    let Ok(dir) = std::env::var("LOOK") else { return };
    for (name, experiment) in example::all() {
        for (code, lang) in [("", Lang::En), ("-zh", Lang::Zh)] {
            for (file, bytes) in files(&experiment, lang).unwrap() {
                let path = std::path::Path::new(&dir).join(format!("{name}{code}")).join(&*file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
        }
        println!("== {name}\n{}", text(&experiment, Some(100)));
    }
}
