//! Output folders and files on a real file system: whole or not at all, and nothing of anybody else's.

use std::os::unix::fs::symlink;

use super::*;

/// What a folder of results begins with, and a table beside it.
const RESULT: &[u8] = b"{\"schemaVersion\":1}\n";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn files(table: &str) -> Vec<(&'static str, Vec<u8>)> {
    vec![("result.json", RESULT.to_vec()), ("charts/load.svg", table.as_bytes().to_vec())]
}

fn write(place: &Path, table: &str) -> Result<(), Error> {
    Staging::create(place)?.publish(&files(table))
}

/// The names in a folder, hidden ones too.
fn list(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn chart(place: &Path) -> String {
    fs::read_to_string(place.join("charts/load.svg")).expect("a chart")
}

/// Asserts an error of usage (exit code 2) that says so.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, text: &str) {
    let error = result.expect_err("it is refused");
    assert!(matches!(error, Error::Usage(_)) && error.to_string().contains(text), "{error}");
}

/// Asserts an error of output (exit code 1) that says so.
#[track_caller]
fn not_written<T: std::fmt::Debug>(result: Result<T, Error>, text: &str) {
    let error = result.expect_err("it cannot be written");
    assert!(matches!(error, Error::Output { .. }) && error.to_string().contains(text), "{error}");
}

#[test]
fn a_folder_appears_whole_with_what_lies_deeper() {
    let home = folder();
    let place = home.path().join("a/b/out");
    let staging = Staging::create(&place).expect("room");
    assert!(!place.exists(), "nothing shows before it is published");
    assert_eq!(list(&home.path().join("a/b")).len(), 1);
    staging.publish(&files("first")).expect("published");
    assert_eq!(list(&home.path().join("a/b")), ["out"]);
    assert_eq!(list(&place), ["charts", "result.json"]);
    assert_eq!(chart(&place), "first");
}

#[test]
fn what_is_not_published_leaves_nothing() {
    let home = folder();
    let place = home.path().join("out");
    drop(Staging::create(&place).expect("room"));
    assert_eq!(list(home.path()), [""; 0]);
    write(&place, "first").expect("published");
    drop(Staging::create(&place).expect("room"));
    assert_eq!((list(home.path()), chart(&place)), (vec!["out".to_owned()], "first".to_owned()));
}

#[test]
fn results_are_replaced_whole() {
    let home = folder();
    let place = home.path().join("out");
    for round in ["first", "second", "third"] {
        write(&place, round).expect("published");
        assert_eq!((list(home.path()), chart(&place)), (vec!["out".to_owned()], round.to_owned()));
        fs::write(place.join("stale.csv"), "of the run before").expect("written");
    }
    fs::write(place.join("result.json"), "  {\n  \"schemaVersion\" : 1 }").expect("written");
    write(&place, "indented by hand").expect("still results");
    assert!(!place.join("stale.csv").exists());
}

#[test]
fn what_is_not_peakdays_is_refused_and_kept() {
    let home = folder();
    let cases: [(&str, &[(&str, &str)]); 5] = [
        ("thesis", &[("thesis.txt", "years of work")]),
        ("hidden", &[(".git", "")]),
        ("other", &[("result.json", "{\"score\": 3}")]),
        ("empty-result", &[("result.json", "")]),
        ("binary", &[("result.json", "\0\0"), ("more", "")]),
    ];
    for (name, contents) in cases {
        let place = home.path().join(name);
        fs::create_dir(&place).expect("a folder");
        contents.iter().for_each(|(file, text)| fs::write(place.join(file), text).expect("written"));
        refused(Staging::create(&place), "this folder holds something else than results of peakday");
        for (file, text) in contents {
            assert_eq!(fs::read_to_string(place.join(file)).expect("it is there"), *text, "{name}");
        }
    }
    // A folder that is called like the mark is none.
    fs::create_dir_all(home.path().join("deep/result.json")).expect("folders");
    refused(Staging::create(&home.path().join("deep")), "something else");
    fs::write(home.path().join("file"), "").expect("written");
    refused(Staging::create(&home.path().join("file")), "there is a file of this name");
    not_written(Staging::create(&home.path().join("file/out")), "file");
    refused(Staging::create(Path::new("/")), "this is not a folder of results");
    refused(Staging::create(Path::new("")), "this is not a folder of results");
    assert_eq!(list(home.path()).iter().filter(|name| name.ends_with(".part")).count(), 0);
}

#[test]
fn what_appears_during_the_run_is_refused_and_kept() {
    let home = folder();
    let place = home.path().join("out");
    let staging = Staging::create(&place).expect("room");
    fs::create_dir(&place).expect("a folder");
    fs::write(place.join("notes.txt"), "mine").expect("written");
    refused(staging.publish(&files("late")), "something else than results");
    assert_eq!((list(home.path()), list(&place)), (vec!["out".to_owned()], vec!["notes.txt".to_owned()]));

    let place = home.path().join("file");
    let staging = Staging::create(&place).expect("room");
    fs::write(&place, "mine").expect("written");
    refused(staging.publish(&files("late")), "there is a file of this name");
    assert_eq!(fs::read_to_string(&place).expect("kept"), "mine");

    // Results of another run that ended meanwhile are results: the last one stays.
    let place = home.path().join("both");
    let (first, second) = (Staging::create(&place).expect("room"), Staging::create(&place).expect("room"));
    second.publish(&files("second")).expect("published");
    first.publish(&files("first")).expect("published");
    assert_eq!(chart(&place), "first");
    assert_eq!(list(home.path()), ["both", "file", "out"]);
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_results() {
    let home = folder();
    let place = home.path().join("out");
    write(&place, "old").expect("published");
    // A file and a folder of one name: the second cannot be written, whoever runs this.
    let clash = [("result.json", RESULT.to_vec()), ("a", vec![1]), ("a/b", vec![2])];
    let staging = Staging::create(&place).expect("room");
    not_written(staging.publish(&clash), "out/a/b");
    assert_eq!((list(home.path()), chart(&place)), (vec!["out".to_owned()], "old".to_owned()));
}

#[test]
fn a_staging_folder_that_is_taken_away_is_made_anew() {
    let home = folder();
    let place = home.path().join("out");
    write(&place, "old").expect("published");
    let staging = Staging::create(&place).expect("room");
    fs::remove_dir_all(&staging.folder).expect("removed");
    staging.publish(&files("new")).expect("published");
    assert_eq!((list(home.path()), chart(&place)), (vec!["out".to_owned()], "new".to_owned()));
}

#[test]
fn a_folder_that_cannot_be_moved_to_its_place_brings_the_old_one_back() {
    let home = folder();
    let place = home.path().join("out");
    write(&place, "old").expect("published");
    let staging = Staging::create(&place).expect("room");
    // Without a file to write, the move is the first that can fail.
    fs::remove_dir(staging.new_files()).expect("removed");
    not_written(staging.publish(&[] as &[(&str, Vec<u8>)]), "out");
    assert_eq!((list(home.path()), chart(&place)), (vec!["out".to_owned()], "old".to_owned()));
}

/// A killed run leaves its neighbour behind, and in a container the next one has the same process id.
#[test]
fn what_a_killed_run_left_is_in_nobodys_way() {
    let home = folder();
    let place = home.path().join("out");
    for round in ["first", "second"] {
        let killed = Staging::create(&place).expect("room");
        fs::write(killed.new_files().join("half"), "").expect("written");
        fs::create_dir(killed.folder.join("old")).expect("a folder");
        std::mem::forget(killed);
        write(&place, round).expect("published");
        assert_eq!(chart(&place), round);
    }
    assert_eq!(list(home.path()).len(), 3, "theirs stay: they may still be at work");
    let file = home.path().join("a.csv");
    std::mem::forget(StagedFile::create(&file).expect("room"));
    let mut staged = StagedFile::create(&file).expect("room");
    staged.write_all(b"whole").expect("written");
    staged.publish().expect("published");
    assert_eq!(fs::read(&file).expect("it is there"), b"whole");
}

#[test]
fn links_go_on_pointing_where_they_do() {
    let home = folder();
    let (real, link) = (home.path().join("real"), home.path().join("link"));
    write(&real, "first").expect("published");
    symlink("real", &link).expect("a link");
    write(&link, "second").expect("published");
    assert!(link.is_symlink() && !real.is_symlink());
    assert_eq!((chart(&real), list(home.path())), ("second".to_owned(), vec!["link".into(), "real".into()]));
    // A link to nothing would be found out after the run only.
    symlink("nowhere", home.path().join("lost")).expect("a link");
    refused(Staging::create(&home.path().join("lost")), "this link leads nowhere");
    symlink(home.path(), home.path().join("home")).expect("a link");
    refused(Staging::create(&home.path().join("home")), "something else than results");
    let file = home.path().join("a.csv");
    fs::write(&file, "old").expect("written");
    symlink("a.csv", home.path().join("b.csv")).expect("a link");
    let mut staged = StagedFile::create(&home.path().join("b.csv")).expect("room");
    staged.write_all(b"new").expect("written");
    staged.publish().expect("published");
    assert!(home.path().join("b.csv").is_symlink());
    assert_eq!(fs::read(&file).expect("it is there"), b"new");
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let home = folder();
    let place = home.path().join("a.csv");
    let mut staged = StagedFile::create(&place).expect("room");
    staged.write_all(&vec![b'x'; 1 << 20]).expect("written");
    assert!(!place.exists());
    drop(staged);
    assert_eq!(list(home.path()), [""; 0]);
    fs::write(&place, "old").expect("written");
    let mut staged = StagedFile::create(&place).expect("room");
    staged.write_all(b"half").expect("written");
    assert_eq!(fs::read(&place).expect("it is there"), b"old");
    drop(staged);
    assert_eq!((fs::read(&place).expect("kept"), list(home.path()).len()), (b"old".to_vec(), 1));
    let mut staged = StagedFile::create(&place).expect("room");
    staged.write_all(b"new").expect("written");
    staged.publish().expect("published");
    assert_eq!((fs::read(&place).expect("it is there"), list(home.path()).len()), (b"new".to_vec(), 1));
}

#[test]
fn a_place_that_is_no_file_is_refused_and_a_device_written_to() {
    let home = folder();
    refused(StagedFile::create(home.path()), "this is a folder");
    refused(StagedFile::create(Path::new("")), "this is not a file");
    refused(StagedFile::create(&home.path().join("..")), "this is a folder");
    not_written(StagedFile::create(&home.path().join("none/a.csv")), "none/a.csv");
    let mut null = StagedFile::create(Path::new("/dev/null")).expect("a device");
    null.write_all(b"gone").expect("written");
    null.publish().expect("published");
    assert!(!fs::metadata("/dev/null").expect("it is there").is_file());
    let mut full = StagedFile::create(Path::new("/dev/full")).expect("a device");
    full.write_all(b"no room").expect("in memory still");
    let error = full.publish().expect_err("full");
    assert!(error.to_string().contains("/dev/full: No space left"), "{error}");
}

#[test]
fn every_failure_has_a_remedy_of_its_kind() {
    let cases = [
        (io::ErrorKind::StorageFull, "free some space"),
        (io::ErrorKind::QuotaExceeded, "free some space"),
        (io::ErrorKind::FileTooLarge, "ulimit -f"),
        (io::ErrorKind::PermissionDenied, "change the permissions"),
        (io::ErrorKind::ReadOnlyFilesystem, "write elsewhere"),
    ];
    for (kind, remedy) in cases {
        let text = failed(Path::new("out/a.csv"), kind.into()).to_string();
        assert!(text.starts_with("out/a.csv: ") && text.contains(remedy), "{text}");
    }
}

#[test]
fn a_place_nobody_may_write_to_is_told_before_the_run() {
    // The kernel's own folder refuses everyone, root too.
    for place in ["/proc/peakday", "/proc/self/fd/out"] {
        not_written(Staging::create(Path::new(place)), place);
    }
    not_written(StagedFile::create(Path::new("/proc/peakday.csv")), "/proc/peakday.csv");
    let home = folder();
    let long = home.path().join("n".repeat(300));
    not_written(Staging::create(&long), "name too long");
}
