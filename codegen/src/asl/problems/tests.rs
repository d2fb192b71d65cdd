use super::*;
use crate::asl::{
    Assign, BackoffRate, Choice, Comment, Jitter, OrExpr, Parallel, Pass, States, Substitution, Succeed, Task, Value,
    Wait,
};

fn pass(flowing: Flowing) -> State {
    Pass { comment: None, output: None, assign: Assign::default(), flowing }.into()
}

fn to(name: &str) -> State {
    pass(Flowing::Next(name.into()))
}

fn end() -> State {
    pass(Flowing::End)
}

fn task() -> Task {
    Task::invoke(Substitution::new("F").unwrap(), Value::text(""), Flowing::End)
}

fn retry(errors: Vec<ErrorName>) -> Retry {
    Retry {
        error_equals: errors,
        interval_seconds: None,
        max_attempts: None,
        backoff_rate: Some(BackoffRate::new(1.5).unwrap()),
        max_delay_seconds: None,
        jitter_strategy: Some(Jitter::None),
    }
}

fn messages<const N: usize>(states: [(&str, State); N]) -> Vec<String> {
    Machine::new("a", states.into_iter().collect()).problems().iter().map(ToString::to_string).collect()
}

#[test]
fn a_machine_with_everything_has_no_problem() {
    assert_eq!(crate::asl::tests::everything().problems(), []);
}

#[test]
fn names_are_short_and_unique_in_the_whole_machine() {
    let branch = |name: &str| Scope { start_at: name.into(), states: [(name, end())].into_iter().collect() };
    let both = Parallel {
        comment: None,
        arguments: None,
        branches: vec![branch("b"), branch("b"), branch("a")],
        retry: Vec::new(),
        catch: Vec::new(),
        output: None,
        assign: Assign::default(),
        flowing: Flowing::End,
    };
    assert_eq!(
        messages([("a", both.into())]),
        [
            "two states are named `b`; a name is unique in the whole machine",
            "two states are named `a`; a name is unique in the whole machine"
        ]
    );
    let long = "é".repeat(81);
    assert_eq!(
        messages([("a", to(&long)), (&long, to(" ")), (" ", end())]),
        [format!("the name `{long}` is longer than 80 characters"), "a state has no name".to_owned()]
    );
    let longest = "é".repeat(80);
    assert!(messages([("a", to(&longest)), (&longest, end())]).is_empty());
}

#[test]
fn every_target_is_there_and_every_state_is_reached() {
    assert_eq!(
        messages([("a", to("x")), ("b", end()), ("c", to("b"))]),
        [
            "`a` goes to `x`, which is not in its scope",
            "no way through the states from `a` on ends",
            "nothing leads to `b`",
            "nothing leads to `c`"
        ]
    );
    assert_eq!(messages([("b", end())]), ["the first state, `a`, is not there"]);
    assert_eq!(messages([("a", to("b")), ("b", to("a"))]), ["no way through the states from `a` on ends"]);
}

#[test]
fn a_catch_and_a_default_lead_somewhere_too() {
    let mut task = task();
    let catch = |next: &str| Catch {
        error_equals: vec![ErrorName::Timeout],
        output: None,
        assign: Assign::default(),
        next: next.into(),
    };
    task.catch = vec![catch("b"), catch("x")];
    let choice = Choice {
        comment: None,
        choices: Vec::new(),
        default: Some("c".into()),
        output: None,
        assign: Assign::default(),
    };
    assert_eq!(
        messages([("a", task.into()), ("b", choice.into()), ("c", Succeed::default().into())]),
        ["the choice `b` has no rule", "`a` goes to `x`, which is not in its scope"]
    );
}

#[test]
fn the_states_of_a_branch_are_a_world_of_their_own() {
    let branch = Scope { start_at: "b".into(), states: [("b", to("c"))].into_iter().collect() };
    let parallel = Parallel {
        comment: None,
        arguments: None,
        branches: vec![branch],
        retry: Vec::new(),
        catch: Vec::new(),
        output: None,
        assign: Assign::default(),
        flowing: Flowing::Next("c".into()),
    };
    let empty = Parallel { branches: Vec::new(), flowing: Flowing::End, ..parallel.clone() };
    assert_eq!(
        messages([("a", parallel.into()), ("c", empty.into())]),
        [
            "`b` goes to `c`, which is not in its scope",
            "no way through the states from `b` on ends",
            "the parallel `c` has no branch"
        ]
    );
}

#[test]
fn all_errors_stand_alone_and_last() {
    let mut task = task();
    task.retry = vec![
        retry(vec![ErrorName::All]),
        retry(Vec::new()),
        retry(vec![ErrorName::Timeout, ErrorName::Reported("States.ALL".to_owned())]),
    ];
    assert_eq!(
        messages([("a", task.into())]),
        [
            "`States.ALL` in a `Retry` or `Catch` of `a` is not alone and last",
            "a `Retry` or `Catch` of `a` names no error",
            "`States.ALL` in a `Retry` or `Catch` of `a` is not alone and last"
        ]
    );
}

#[test]
fn times_are_in_their_ranges() {
    let mut slow = task();
    slow.timeout_seconds = Some(OrExpr::Plain(100_000_000));
    slow.retry = vec![Retry { max_delay_seconds: Some(1), ..retry(vec![ErrorName::All]) }];
    slow.flowing = Flowing::Next("b".into());
    let mut still = task();
    still.timeout_seconds = Some(OrExpr::Plain(10));
    still.heartbeat_seconds = Some(OrExpr::Plain(10));
    still.flowing = Flowing::Next("c".into());
    let wait = Wait {
        comment: None,
        until: Until::Seconds(OrExpr::Plain(100_000_000)),
        output: None,
        assign: Assign::default(),
        flowing: Flowing::End,
    };
    assert_eq!(
        messages([("a", slow.into()), ("b", still.into()), ("c", wait.into())]),
        [
            "`a` would wait no time, or longer than 99,999,999 s",
            "the longest wait of a `Retry` of `a` is not longer than its first",
            "the heartbeat of `b` is not shorter than its timeout",
            "`c` would wait no time, or longer than 99,999,999 s"
        ]
    );
    let mut machine = Machine::new("a", [("a", end())].into_iter().collect());
    machine.timeout_seconds = Some(0);
    assert_eq!(machine.problems(), [Problem::MachineTimeout]);
}

#[test]
fn a_name_that_looks_like_a_substitution_is_found() {
    assert_eq!(
        messages([("a", to("x ${Fn}")), ("x ${Fn}", end())]),
        vec!["`x ${Fn}` would be read as a substitution"; 2]
    );
    // A whole name would pass for a substitution as a value, but never as a key.
    assert_eq!(messages([("a", to("${Fn}")), ("${Fn}", end())]), ["`${Fn}` would be read as a substitution"]);
}

#[test]
fn an_error_that_looks_like_a_substitution_is_found() {
    let mut task = task();
    task.retry = vec![retry(vec![ErrorName::Reported("${Fn}".to_owned()), ErrorName::Reported("a${b".to_owned())])];
    let stray = |text: &str| Problem::StraySubstitution(text.to_owned());
    let machine = Machine::new("a", [("a", State::from(task))].into_iter().collect());
    assert_eq!(machine.problems(), [stray("${Fn}"), stray("a${b")]);
}

#[test]
fn a_definition_has_at_most_a_million_bytes() {
    let with_comment = |length: usize| {
        let mut machine = Machine::new("a", [("a", end())].into_iter().collect::<States>());
        machine.comment = Some(Comment::new(&"x".repeat(length)));
        machine
    };
    let rest = with_comment(0).to_json().len();
    assert_eq!(with_comment(1_000_000 - rest).problems(), []);
    assert_eq!(with_comment(1_000_001 - rest).problems(), [Problem::TooLarge { bytes: 1_000_001 }]);
}
