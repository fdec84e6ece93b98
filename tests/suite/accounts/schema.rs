//! The API does what its description says, whatever is sent: asked by schemathesis, which reads the
//! description and makes requests up.

use std::path::Path;
use std::process::Command;

use super::Person;
use crate::common::VERY_LONG;
use crate::common::program::Program;
use crate::common::server::Server;

/// Asks what these arguments choose, and shows what came back otherwise than it should.
#[track_caller]
fn holds(server: &Server, token: Option<&str>, arguments: &[&str]) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (packages, own) =
        (project.join("target/schemathesis"), project.join("tests/suite/accounts"));
    let paths = std::env::join_paths([packages, own]).expect("no colon in them");
    let mut command = Command::new("python3");
    command
        .env("SCHEMATHESIS_HOOKS", "schema_hooks")
        .env("PYTHONPATH", &paths)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command.args(["-m", "schemathesis.cli", "run", &server.url("/api/openapi.json")]);
    // Numbers and booleans are taken as the texts that they are in a form, and what else a text has
    // to be (a title of one line, an address) no schema says: neither is a failure.
    command.args(["--exclude-checks", "negative_data_rejection,positive_data_acceptance"]);
    command.args(["--checks", "all", "--continue-on-failure", "--seed", "1", "--no-color"]);
    // A busy machine is no failure.
    command.args(["--request-timeout", "120"]);
    command.args(arguments).current_dir(server.data());
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let ended = Program::run(&mut command, "scripts/setup test", VERY_LONG);
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", ended.stderr);
}

#[test]
fn the_api_does_what_its_description_says() {
    let server = Server::pattern(&["--room", "door=pattern"]);
    let mut host = Person::host(&server);
    let mut token = |label: &str, scope: &str| {
        let body = format!("{{\"label\":\"{label}\",\"scopes\":[\"{scope}\"]}}");
        let json = ("Content-Type", "application/json");
        let made = host.ask(&server, "POST", "/api/v1/tokens", &[json], &body).expect(201).json();
        made["token"].as_str().expect("a token").to_owned()
    };
    let (of_host, to_end, of_viewer) =
        (token("all", "host"), token("end", "host"), token("watch", "watch"));
    // It would end its own.
    let end = "DELETE /api/v1/tokens/{id}";
    holds(&server, Some(&of_host), &["-n", "15", "--exclude-name", end]);
    let bearer = format!("Bearer {of_host}");
    let asked = [("Authorization", bearer.as_str())];
    Person::new().ask(&server, "GET", "/api/v1/rooms", &asked, "").expect(200);
    holds(&server, Some(&of_viewer), &["-n", "3"]);
    holds(&server, None, &["-n", "3"]);
    holds(&server, Some(&to_end), &["-n", "15", "--include-name", end]);
    // The host is still who runs it.
    assert_eq!(host.get(&server, "/account/export").expect(200).json()["role"], "host");
}
