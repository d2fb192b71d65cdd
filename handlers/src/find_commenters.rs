//! The handler `find_commenters`: the queue `notify`, to find whom `UpdateCommented` is for.
//!
//! A comment is for the update's author and for everybody who has commented on it before. The commenter is left out by the
//! flow (`except: actor`).

use std::collections::BTreeSet;

use generated::handlers::{FindCommenters, FindCommentersCx};
use generated::{UpdateCommented, UserId};
use runtime::{Error, Event};

/// `find_commenters` below.
#[derive(Debug)]
pub struct Handler;

impl FindCommenters for Handler {
    async fn find_commenters(cx: &FindCommentersCx<'_>, event: UpdateCommented) -> Result<Vec<UserId>, Error> {
        let mut users = BTreeSet::from([event.author.to_string()]);
        let mut actions = cx.actions().by_object(event.update_id.as_str());
        while let Some(page) = actions.page().await? {
            let comments = page.into_iter().filter(|action| action.event == UpdateCommented::TYPE);
            users.extend(comments.filter_map(|comment| comment.actor));
        }
        Ok(users.into_iter().map(UserId::from).collect())
    }
}
