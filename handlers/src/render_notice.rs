//! The handler `render_notice`: the step `render` of the workflow `deliver_notice`.
//!
//! "Agshin and 3 others liked your update": the sentence of a group, by the names of those whom it shows.

use generated::handlers::{RenderNotice, RenderNoticeCx};
use generated::{Notice, Shown, UserId};
use runtime::{Error, Url};

/// `render_notice` below.
#[derive(Debug)]
pub struct Handler;

impl RenderNotice for Handler {
    async fn render_notice(cx: &RenderNoticeCx<'_>, event: Notice) -> Result<Shown, Error> {
        let mut names: Vec<String> = Vec::new();
        for actor in event.sample.iter().filter_map(|member| member.actor.clone()) {
            let member = cx.members().get(&UserId::from(actor)).await?;
            // Who has left since has no name any more, and still counts.
            let name = member.map(|member| member.name).filter(|name| !names.contains(name));
            names.extend(name.filter(|_| names.len() < SHOWN));
        }
        let did = did(&event.event);
        Ok(Shown {
            title: format!("{} {did}", who(&names, event.actors)),
            body: format!("{} times, the last on {}.", event.count, day(&event)),
            link: Url::new(link(&event)).map_err(Error::reject)?,
        })
    }
}

/// How many are called by their names.
const SHOWN: usize = 2;

/// What they did, to the one who reads it.
fn did(event: &str) -> &'static str {
    match event {
        "UpdateShared" => "mentioned you in an update",
        "UpdateLiked" => "liked your update",
        "UpdateCommented" => "commented on an update that you follow",
        "MemberFollowed" => "followed you",
        _ => "did something",
    }
}

/// Those who did it: some by their names, the others by their number.
fn who(names: &[String], actors: i64) -> String {
    let others = usize::try_from(actors).unwrap_or(0).saturating_sub(names.len());
    let others = match (others, names.is_empty()) {
        (0, true) => Some("somebody".to_owned()),
        (0, false) => None,
        (1, true) => Some("one member".to_owned()),
        (1, false) => Some("one other".to_owned()),
        (others, true) => Some(format!("{others} members")),
        (others, false) => Some(format!("{others} others")),
    };
    let mut all: Vec<String> = names.iter().cloned().chain(others).collect();
    let last = all.pop().unwrap_or_default();
    if all.is_empty() { last } else { format!("{} and {last}", all.join(", ")) }
}

fn day(event: &Notice) -> String {
    event.last.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// Where it is to be seen. An object is an id, but what a person follows is a person.
fn link(event: &Notice) -> String {
    let of: String = event.object.bytes().map(escaped).collect();
    let place = if event.event == "MemberFollowed" { "members" } else { "updates" };
    format!("https://everi.example/{place}/{of}")
}

/// A byte of a path: as it is, or by its number.
fn escaped(byte: u8) -> String {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_did_it_are_named_or_counted() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(who(&names(&["Agshin"]), 1), "Agshin");
        assert_eq!(who(&names(&["Agshin", "Leyla"]), 2), "Agshin and Leyla");
        assert_eq!(who(&names(&["Agshin", "Leyla"]), 3), "Agshin, Leyla and one other");
        assert_eq!(who(&names(&["Agshin"]), 4), "Agshin and 3 others");
        assert_eq!(who(&names(&[]), 5), "5 members");
        assert_eq!(who(&names(&[]), 0), "somebody");
    }

    #[test]
    fn an_id_of_whatever_text_stays_one_part_of_the_path() {
        assert_eq!("a/b?ə".bytes().map(escaped).collect::<String>(), "a%2Fb%3F%C9%99");
    }
}
