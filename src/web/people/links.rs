//! The links that lead to who vouches for people elsewhere.

use std::sync::Arc;

use super::super::address::root_of;
use super::super::document::escape;
use super::super::request::Request;
use super::super::words;
use super::sheet::query_of;
use crate::oidc::Provider;

/// A link for each provider that is `wanted`, which leads to it for `to`, and on to `next`; to the same
/// `page` there first, if it leads back to another address than this one.
pub(super) fn links(
    request: &Request,
    page: &str,
    to: &str,
    next: &str,
    word: &str,
    wanted: impl Fn(&Provider) -> bool,
) -> String {
    let providers = &request.context.providers;
    let elsewhere = providers.elsewhere(&request.client);
    let root = root_of(&request.head.target.path);
    let link = |provider: &Arc<Provider>| {
        let next = query_of(next);
        let href = match elsewhere {
            Some(elsewhere) => format!("{elsewhere}/{page}{next}"),
            None => {
                let to = if to.is_empty() { String::new() } else { format!("to={to}") };
                let query = [next.trim_start_matches('?').to_owned(), to];
                let query = query.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
                let query = query.join("&");
                let mark = if query.is_empty() { "" } else { "?" };
                format!("{root}sign-in/with/{}{mark}{query}", provider.name)
            }
        };
        let title = word.replace("{provider}", &provider.title);
        format!(
            "<a class=\"button well\" data-provider=\"{}\" href=\"{}\">{}</a>\n",
            provider.name,
            escape(&href),
            escape(&title)
        )
    };
    let links: String = providers.all().filter(|provider| wanted(provider)).map(link).collect();
    match elsewhere.filter(|_| !links.is_empty()) {
        Some(elsewhere) => {
            let note = words::SIGN_IN_ON.replace("{address}", elsewhere);
            format!("{links}<p class=\"muted\">{}</p>\n", escape(&note))
        }
        None => links,
    }
}
