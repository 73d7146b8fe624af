//! What holds for every command, also for those that come later.

use clap::{Command as Clap, CommandFactory, Parser};

use super::Cli;

/// Returns all commands, those of commands too, each with the words that call it.
fn commands() -> Vec<(String, Clap)> {
    let mut found = Vec::new();
    let mut open = vec![("peakday".to_owned(), Cli::command())];
    while let Some((words, command)) = open.pop() {
        let below = command.get_subcommands().filter(|command| command.get_name() != "help");
        open.extend(below.map(|below| (format!("{words} {}", below.get_name()), below.clone())));
        found.push((words, command));
    }
    found
}

/// Returns the examples in the help of a command, each up to its redirection or remark.
fn examples(command: &Clap) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let example = |line: &str| {
        let line = line.strip_prefix("  ").or_else(|| line.strip_prefix("Example: "))?;
        Some(line.split(" > ").next()?.split("   ").next()?.to_owned())
    };
    help.lines().filter_map(example).collect()
}

#[test]
fn the_command_line_fits_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_shows_examples_that_parse() {
    let commands = commands();
    assert!(commands.len() >= 5, "{commands:?}");
    for (words, command) in commands {
        let examples = examples(&command);
        assert!(!examples.is_empty(), "{words} has no example");
        for example in examples {
            assert!(example.starts_with(&words), "`{example}` in the help of {words}");
            let parsed = Cli::try_parse_from(example.split_whitespace());
            assert!(parsed.is_ok(), "`{example}` in the help of {words}: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn every_command_and_option_says_what_it_does() {
    for (words, command) in commands() {
        assert!(command.get_about().is_some(), "{words}");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{words}: {}", argument.get_id());
        }
    }
}
