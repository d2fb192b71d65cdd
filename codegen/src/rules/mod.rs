//! The rules: one a file, each with its code, its doc and its tests.
//!
//! A rule of `parse` or `resolve` makes its diagnostics for that pass; a rule of `check` is run here. The
//! index of errors in `docs/` and `codegen explain` are made from the docs.

pub(crate) mod e030_missing;
pub(crate) mod e031_name_form;
pub(crate) mod e032_reserved_field;
pub(crate) mod e033_name_taken;
pub(crate) mod e034_unknown_name;
pub(crate) mod e035_wrong_kind;
pub(crate) mod e036_unknown_type;
pub(crate) mod e037_type_form;
pub(crate) mod e038_duration;
pub(crate) mod e039_size;
pub(crate) mod e040_rate;
pub(crate) mod e041_template;
pub(crate) mod e042_schedule;
pub(crate) mod e043_pattern;
pub(crate) mod e044_no_such_field;
pub(crate) mod e045_not_yet;
pub(crate) mod e046_step_form;
pub(crate) mod e047_targets_form;
pub(crate) mod e048_time_of_day;
pub(crate) mod e049_language_version;
pub(crate) mod e050_include;
pub(crate) mod e051_environment;
pub(crate) mod e052_renamed_from;
pub(crate) mod e053_endless_type;
pub(crate) mod e054_stacks;
pub(crate) mod e055_table_layout;
pub(crate) mod e056_empty_list;
pub(crate) mod e057_replacement;
pub(crate) mod e058_names_meet;
pub(crate) mod e059_setting_value;
pub(crate) mod e060_unknown_in_braces;
pub(crate) mod e061_two_types;
pub(crate) mod e062_not_a_text;
pub(crate) mod e063_request_names;
pub(crate) mod e064_no_target;
pub(crate) mod e065_targets_by_event;
pub(crate) mod e066_target_type;
pub(crate) mod e067_value_type;
pub(crate) mod e068_targets_settings;
pub(crate) mod e069_condition_field;
pub(crate) mod e070_condition_type;
pub(crate) mod e071_condition_never;
pub(crate) mod e072_filter_limits;
pub(crate) mod e073_role_type;
pub(crate) mod e074_table_key;
pub(crate) mod e075_recipients;
pub(crate) mod e076_counter;
pub(crate) mod e077_table_sink;
pub(crate) mod e078_default;
pub(crate) mod e079_regular_expression;
pub(crate) mod e080_distinct;
pub(crate) mod e081_cancel;
pub(crate) mod e082_window;
pub(crate) mod e083_grouper_numbers;
pub(crate) mod e084_grouper_contradicts;
pub(crate) mod e085_handler_inputs;
pub(crate) mod e086_handler_returns;
pub(crate) mod e087_step_clash;
pub(crate) mod e088_environment_variable;
pub(crate) mod e089_secret_in_plain;
pub(crate) mod e090_unset_actor;
pub(crate) mod e091_source_form;
pub(crate) mod e092_web_address;
pub(crate) mod e093_mail_address;
pub(crate) mod e094_tag;
pub(crate) mod e095_indexes;
pub(crate) mod e096_table_use;
pub(crate) mod e097_allow;
pub(crate) mod e098_time_zone;
pub(crate) mod e100_source_to;
pub(crate) mod e101_not_carried;
pub(crate) mod e103_not_fed;
pub(crate) mod e104_fed_twice;
pub(crate) mod e105_idle_queue;
pub(crate) mod e106_loop;
pub(crate) mod e107_first;
pub(crate) mod e115_next_step;
pub(crate) mod e116_step_order;
pub(crate) mod e117_step_twice;
pub(crate) mod e118_workflow_time;
pub(crate) mod e120_map_over;
pub(crate) mod e121_wait_until;
pub(crate) mod e122_step_retry;
pub(crate) mod e123_definition_size;
pub(crate) mod e130_range;
pub(crate) mod e131_batch;
pub(crate) mod e134_fifo;
pub(crate) mod e137_route;
pub(crate) mod e139_mail;
pub(crate) mod e140_role_policy;
pub(crate) mod e141_size;
pub(crate) mod e146_retention;
pub(crate) mod e148_preview_mail;
pub(crate) mod e149_expect;
pub(crate) mod e151_within;
mod support;
pub(crate) mod w054_lock_is_gone;
pub(crate) mod w060_condition_always;
pub(crate) mod w061_tenant;
pub(crate) mod w062_first_unseen;
pub(crate) mod w064_unused_handler;
pub(crate) mod w065_returned_for_nothing;
pub(crate) mod w066_personal_data;
pub(crate) mod w067_unused_table;
pub(crate) mod w068_anybody;
pub(crate) mod w069_local_origin;
pub(crate) mod w100_unused;
pub(crate) mod w120_workflow_rate;
pub(crate) mod w141_unbounded;
pub(crate) mod w145_order;
pub(crate) mod w153_rates;
mod words;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::facts::Facts;
use crate::model::Flow;
use crate::parse::Input;

/// What a check may look at.
pub struct Context<'a> {
    /// The resolved flow.
    pub flow: &'a Flow,
    /// What follows from it.
    pub facts: &'a Facts,
    /// What the compile began with: the files that there are.
    pub input: &'a Input,
    /// Whether all of the flow could be read.
    pub whole: bool,
}

/// One rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `E034`, `W061`.
    pub code: &'static str,
    /// What is wrong, in a line: lower case, no full stop.
    pub title: &'static str,
    /// Why, and how to put it right, in Markdown with an example.
    pub doc: &'static str,
    /// Who applies it.
    pub check: Check,
}

/// All rules, by their codes.
#[must_use]
pub fn rules() -> Vec<Rule> {
    let mut rules: Vec<Rule> = RULES.to_vec();
    rules.extend(crate::yaml::codes::ENTRIES.iter().map(|e| Rule {
        code: e.code,
        title: e.title,
        doc: e.doc,
        check: Check::Reading,
    }));
    rules.sort_by_key(|r| r.code);
    rules
}

/// A check over the resolved flow.
pub type Over = fn(&Context<'_>, &mut Diagnostics);

/// Who applies a rule, and what it relies on. Where a part of a flow could not be read, what follows from its absence
/// would be blamed on what is there; so a check says of how much it must be sure.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// `parse`, `resolve` or `lower`: what is wrong leaves the flow without a part.
    Reading,
    /// `parse` or `resolve`: what is wrong is the form of one name or value, and every name still finds its thing.
    Form,
    /// A check that looks at one thing alone: what it says is right even where the rest could not be read. What needs
    /// more of the flow it asks only where the [`Context`] is `whole`.
    Own(Over),
    /// A check that looks at names, events and types, and at no duration, size or rate.
    Names(Over),
    /// A check that looks at whatever there is.
    Whole(Over),
}

/// How much of a flow there is to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// All of it.
    Whole,
    /// All names and edges; some values could not be read.
    Names,
    /// Parts.
    Parts,
}

impl Extent {
    fn of(found: &Diagnostics) -> Self {
        let forms = |code| RULES.iter().any(|r| r.code == code && matches!(r.check, Check::Form));
        let mut extent = Self::Whole;
        for code in found.errors() {
            if !forms(code) {
                return Self::Parts;
            }
            extent = Self::Names;
        }
        extent
    }

    /// The check of a rule that can be right about so much.
    fn asks(self, rule: &Rule) -> Option<Over> {
        match rule.check {
            Check::Own(check) => Some(check),
            Check::Names(check) if self != Self::Parts => Some(check),
            Check::Whole(check) if self == Self::Whole => Some(check),
            _ => None,
        }
    }
}

/// Checks a resolved flow by every rule. `found` is what reading and resolving it found: where a part of the flow is
/// missing, what follows from that would be blamed on what is there, so only the rules are asked that do not look at
/// the missing part.
#[must_use]
pub fn check(flow: &Flow, facts: &Facts, input: &Input, found: &Diagnostics) -> Diagnostics {
    let extent = Extent::of(found);
    let context = Context { flow, facts, input, whole: extent == Extent::Whole };
    let mut out = Diagnostics::default();
    for check in RULES.iter().filter_map(|r| extent.asks(r)) {
        check(&context, &mut out);
    }
    out
}

/// Whether a warning is allowed by the spec.
#[must_use]
pub fn allowed(flow: &Flow, diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Warning && flow.allow.iter().any(|(code, _)| code.value == diagnostic.code)
}

/// Names as a list in a sentence; a long one is cut.
pub(crate) fn listed(names: &[&str]) -> String {
    const MOST: usize = 12;
    let mut said: Vec<String> = names.iter().take(MOST).map(|n| format!("`{n}`")).collect();
    if names.len() > MOST {
        said.push(format!("and {} more", names.len() - MOST));
    }
    said.join(", ")
}

const RULES: &[Rule] = &[
    e030_missing::RULE,
    e031_name_form::RULE,
    e032_reserved_field::RULE,
    e033_name_taken::RULE,
    e034_unknown_name::RULE,
    e035_wrong_kind::RULE,
    e036_unknown_type::RULE,
    e037_type_form::RULE,
    e038_duration::RULE,
    e039_size::RULE,
    e040_rate::RULE,
    e041_template::RULE,
    e042_schedule::RULE,
    e043_pattern::RULE,
    e044_no_such_field::RULE,
    e045_not_yet::RULE,
    e046_step_form::RULE,
    e047_targets_form::RULE,
    e048_time_of_day::RULE,
    e049_language_version::RULE,
    e050_include::RULE,
    e051_environment::RULE,
    e052_renamed_from::RULE,
    e053_endless_type::RULE,
    e054_stacks::RULE,
    e055_table_layout::RULE,
    e056_empty_list::RULE,
    e057_replacement::RULE,
    e058_names_meet::RULE,
    e059_setting_value::RULE,
    e060_unknown_in_braces::RULE,
    e061_two_types::RULE,
    e062_not_a_text::RULE,
    e063_request_names::RULE,
    e064_no_target::RULE,
    e065_targets_by_event::RULE,
    e066_target_type::RULE,
    e067_value_type::RULE,
    e068_targets_settings::RULE,
    e069_condition_field::RULE,
    e070_condition_type::RULE,
    e071_condition_never::RULE,
    e072_filter_limits::RULE,
    e073_role_type::RULE,
    e074_table_key::RULE,
    e075_recipients::RULE,
    e076_counter::RULE,
    e077_table_sink::RULE,
    e078_default::RULE,
    e079_regular_expression::RULE,
    e080_distinct::RULE,
    e081_cancel::RULE,
    e082_window::RULE,
    e083_grouper_numbers::RULE,
    e084_grouper_contradicts::RULE,
    e085_handler_inputs::RULE,
    e086_handler_returns::RULE,
    e087_step_clash::RULE,
    e088_environment_variable::RULE,
    e089_secret_in_plain::RULE,
    e090_unset_actor::RULE,
    e091_source_form::RULE,
    e092_web_address::RULE,
    e093_mail_address::RULE,
    e094_tag::RULE,
    e095_indexes::RULE,
    e096_table_use::RULE,
    e097_allow::RULE,
    e098_time_zone::RULE,
    e100_source_to::RULE,
    e101_not_carried::RULE,
    e103_not_fed::RULE,
    e104_fed_twice::RULE,
    e105_idle_queue::RULE,
    e106_loop::RULE,
    e107_first::RULE,
    e115_next_step::RULE,
    e116_step_order::RULE,
    e117_step_twice::RULE,
    e118_workflow_time::RULE,
    e120_map_over::RULE,
    e121_wait_until::RULE,
    e122_step_retry::RULE,
    e123_definition_size::RULE,
    e130_range::RULE,
    e131_batch::RULE,
    e134_fifo::RULE,
    e137_route::RULE,
    e139_mail::RULE,
    e140_role_policy::RULE,
    e141_size::RULE,
    e146_retention::RULE,
    e148_preview_mail::RULE,
    e149_expect::RULE,
    e151_within::RULE,
    w054_lock_is_gone::RULE,
    w060_condition_always::RULE,
    w061_tenant::RULE,
    w062_first_unseen::RULE,
    w064_unused_handler::RULE,
    w065_returned_for_nothing::RULE,
    w066_personal_data::RULE,
    w067_unused_table::RULE,
    w068_anybody::RULE,
    w069_local_origin::RULE,
    w100_unused::RULE,
    w120_workflow_rate::RULE,
    w141_unbounded::RULE,
    w145_order::RULE,
    w153_rates::RULE,
];

#[cfg(test)]
mod tests {
    use crate::parse::Input;

    const FLOW: &str = r#"
eventloom: 1
flow: net
events: { MessageSent: { actor: sender, fields: { room: string, sender: string } } }
gateways:
  live:
    websocket:
      auth: { jwt: { issuer: "https://auth.net.example/", audience: net, user: sub } }
      origins: ["https://net.example"]
sources: { sent: { from: { websocket: { gateway: live, route: send } }, event: MessageSent, to: messages } }
topics: { messages: { carries: [MessageSent] } }
queues: { deliver: { from: messages, targets: sendr, keep: KEEP, to: TO } }
sinks: { browser: { websocket: { gateway: live } } }
"#;

    fn codes(keep: &str, to: &str) -> Vec<&'static str> {
        let spec = FLOW.replace("KEEP", keep).replace("TO", to);
        crate::check(&Input { bytes: spec.into(), ..Input::default() }).diagnostics.iter().map(|d| d.code).collect()
    }

    #[test]
    fn a_mistake_in_the_form_of_a_value_hides_no_mistake_in_names_and_an_unknown_name_hides_what_follows_from_it() {
        assert_eq!(codes("4d", "browser"), ["E090", "E065"]);
        assert_eq!(codes("4 days", "browser"), ["E090", "E065", "E038"]);
        assert_eq!(codes("4 days", "brwser"), ["E038", "E034"]);
    }

    #[test]
    fn an_unknown_name_hides_no_mistake_in_one_thing_alone() {
        // The retention is out of range, and needs no name to be so.
        assert_eq!(codes("30d", "brwser"), ["E130", "E034"]);
    }
}
