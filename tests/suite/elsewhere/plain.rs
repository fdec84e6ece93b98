//! Providers of OAuth 2.0 alone, as GitHub and X are, by what they are documented to answer.

use super::{Elsewhere, Here, PLAIN, table};
use crate::accounts::Person;
use crate::common::server::Port;

#[test]
fn who_comes_by_github_or_x_is_who_its_api_says() {
    let provider = Elsewhere::start(PLAIN, &[]);
    let more = "sign-up = true\npreset = ";
    let tables =
        table("hub", &provider.issuer, &format!("{more}\"github\"\ngroups = [\"example\"]"))
            + &table("x", &provider.issuer, &format!("{more}\"x\""))
            + &table(
                "other",
                &provider.issuer,
                &format!("{more}\"github\"\ngroups = [\"another\"]"),
            );
    let here = Here::start(Port::reserve(), &tables, &[]);
    let come = |person: &mut Person, name: &str| {
        let led = person.get(&here.server, &format!("/sign-in/with/{name}")).expect(303);
        let back = provider.get(led.header("Location").unwrap()).expect(302);
        let back = back.header("Location").unwrap().strip_prefix(&here.server.url("")).unwrap();
        person.get(&here.server, &format!("/{}", back.trim_start_matches('/')))
    };
    for (name, subject, label) in
        [("hub", "583231", "octocat@example.org"), ("x", "2244994945", "xdev")]
    {
        let mut person = Person::new();
        come(&mut person, name).expect(303);
        person.post(&here.server, "/sign-in/new", &[("name", name)]).expect(200);
        let identity = &person.get(&here.server, "/account/export").json()["identities"][0];
        assert_eq!((&identity["subject"], &identity["label"]), (&subject.into(), &label.into()));
        come(&mut Person::new(), name).expect(200);
    }
    let refused = come(&mut Person::new(), "other").expect(403);
    assert!(refused.text().contains("who is in another"), "{}", refused.text());
    let told = provider.get(&format!("{}/told", provider.issuer)).json();
    assert_eq!(told["scopes"][0], "read:user user:email read:org");
    assert_eq!(told["scopes"][2], "users.read tweet.read");
}
