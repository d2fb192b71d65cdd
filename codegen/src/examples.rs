//! The right shape of a thing, for the help under a message.
//!
//! In: what messages call a thing, such as `a counter`. Out: one, in YAML, that the language takes.

/// The things that people get wrong, and one of each.
const EXAMPLES: &[(&str, &str)] = &[
    ("alarms", "alarms: { email: \"ops@shop.example\" }"),
    ("a cancel", "cancel: { UpdateUnliked: { of: UpdateLiked, id: like_id } }"),
    ("a case", "{ when: { seen: [true] }, next: end }"),
    ("a catch", "catch: { errors: [OutOfStock], next: refund }"),
    ("a count window", "count: { n: 100, at_most: 1h }"),
    ("a counter", "counter: { table: members, key: \"{author}\", add: { updates: 1 } }"),
    ("a cron window", "cron: { at: \"cron(0 8 * * ? *)\", tz: Asia/Baku }"),
    (
        "a grouper",
        "notices: { key: \"{target}\", window: { session: { gap: 5m, at_most: 1h } }, emits: Notice, to: mail }",
    ),
    ("a handler", "find_stock: { reads: [orders], timeout: 30s }"),
    ("a jwt", "jwt: { issuer: \"https://auth.shop.example/\", audience: shop, user: sub }"),
    ("a lookup", "{ table: members, where: { group: \"{group}\" }, select: user_id }"),
    ("a queue", "index: { from: activity, handler: index_order }"),
    ("a retry", "retry: { attempts: 5, backoff: 2s }"),
    ("a sample", "sample: { n: 3, order: newest }"),
    ("a schedule", "schedule: { at: \"rate(1 day)\" }"),
    ("a secret", "price_key: { about: The key of the price service }"),
    ("a session window", "session: { gap: 5m, at_most: 1h }"),
    ("a source", "placed: { from: { table: orders }, to: activity }"),
    ("a step", "- pause: { wait: 60s }"),
    ("a table", "members: { key: user_id, fields: { user_id: string } }"),
    ("a table sink", "table: { table: orders }"),
    ("a throttle", "throttle: { n: 1, per: 1h }"),
    ("a topic", "activity: { carries: [OrderPlaced] }"),
    ("a tumbling window", "tumbling: { every: 1h }"),
    ("a webhook", "webhook: { url: \"https://books.example/bills\", secret: ledger_key }"),
    ("a websocket route", "websocket: { gateway: live, route: send }"),
    ("a websocket sink", "websocket: { gateway: live }"),
    ("a workflow", "deliver: { steps: [{ show: { send: browser } }] }"),
    (
        "an email sink",
        "email: { sender: \"Shop <no-reply@shop.example>\", subject: \"{title}\", template: notice, delivery: at_most_once }",
    ),
    ("an event", "OrderPlaced: { actor: buyer, fields: { buyer: string } }"),
    ("an expectation", "expect: { targets: 10000, rate: 1/s }"),
    ("an http route", "http: { gateway: api, method: POST, path: \"/orders\" }"),
    ("an index", "by_city: { key: city, sort: name }"),
    ("quiet hours", "quiet_hours: { from: \"22:00\", to: \"07:00\" }"),
    ("recipients", "recipients: { table: members, email: email }"),
];

/// One that is right.
#[must_use]
pub(crate) fn of(what: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(name, _)| *name == what).map(|(_, example)| *example)
}

#[cfg(test)]
mod tests {
    use super::EXAMPLES;
    use crate::diagnostic::Diagnostics;
    use crate::source::FileId;

    #[test]
    fn each_is_of_something_in_the_language_and_is_yaml() {
        let schema = crate::docs::flow_schema();
        for (what, example) in EXAMPLES {
            // What is the one form of its kind stands there under the kind's key alone.
            let key = example.split(':').next().unwrap_or_default();
            let known = |name: &str| schema.contains(&format!("\"{name}\""));
            assert!(known(what) || known(key), "the language has no {what}");
            let mut out = Diagnostics::default();
            assert!(crate::yaml::read(FileId(0), example, &mut out).is_some() && out.is_empty(), "{example}");
        }
    }
}
