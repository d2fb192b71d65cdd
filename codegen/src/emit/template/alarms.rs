//! Alarms and the dashboard.

use super::scope::{self, DASHBOARD, Made, Scope};
use crate::cfn::services::cloudwatch::{
    Alarm as Properties, ComparisonOperator, Dashboard, Dimension as DimensionProperties, Metric as MetricProperties,
    MetricDataQuery, MetricStat, Statistic as StatisticProperties, TreatMissingData,
};
use crate::cfn::{DocumentError, Pseudo, Resource, Str, Tree};
use crate::model::GatewayKind;
use crate::plan::{Alarm, Comparison, Dimension, Metric, Statistic, TopicRole, Widget};
use crate::stacks::Layer;

/// The longest description. Source: Amazon CloudWatch API Reference, PutMetricAlarm.
const DESCRIPTION: usize = 1_024;
/// Lines of a graph: more cannot be told apart. AWS takes 500 metrics a graph and 2,500 a dashboard.
/// Source: Amazon CloudWatch User Guide, service quotas.
const LINES: usize = 100;
/// A dashboard's grid is 24 wide: two graphs stand side by side.
const WIDTH: i64 = 12;
const HEIGHT: i64 = 6;
/// Seconds of a point on a graph.
const PERIOD: i64 = 60;

pub(super) fn alarms(scope: &mut Scope<'_>) -> Made {
    let topic = scope.plan.topics.iter().find(|t| t.role == TopicRole::Alarms);
    let actions = topic.map(|t| scope::reference(&t.place.logical)).transpose()?;
    for alarm in &scope.plan.alarms {
        let mut made = properties(scope, alarm)?;
        made.alarm_actions = actions.iter().cloned().collect();
        made.ok_actions = made.alarm_actions.clone();
        made.tags = scope.tags();
        let resource = Resource::new(scope::id(&alarm.place.logical)?, &made)?;
        scope.put(Layer::Wiring, &alarm.place, resource);
    }
    if !scope.plan.dashboard.is_empty() {
        let mut made = Dashboard::new(Str::json(&dashboard(scope)?));
        made.dashboard_name = Some(Str::parameter(&scope.names.prefix));
        let resource = Resource::new(scope::id(DASHBOARD)?, &made)?;
        scope.put(Layer::Wiring, &scope::shared(DASHBOARD), resource);
    }
    Ok(())
}

fn properties(scope: &Scope<'_>, alarm: &Alarm) -> Result<Properties, DocumentError> {
    let operator = match alarm.comparison {
        Comparison::Above => ComparisonOperator::GreaterThanThreshold,
        Comparison::AtLeast => ComparisonOperator::GreaterThanOrEqualToThreshold,
    };
    let mut made = Properties::new(operator, alarm.periods);
    made.alarm_description = Some(scope::cut(&alarm.about, DESCRIPTION).into());
    made.threshold = Some(alarm.threshold);
    made.treat_missing_data = Some(TreatMissingData::NotBreaching);
    if let [metric] = alarm.metrics.as_slice() {
        made.namespace = Some(metric.namespace.to_owned());
        made.metric_name = Some(metric.name.to_owned());
        made.period = Some(alarm.period);
        made.dimensions = dimensions(scope, &metric.dimension)?;
        match metric.statistic {
            Statistic::Sum => made.statistic = Some(StatisticProperties::Sum),
            Statistic::Maximum => made.statistic = Some(StatisticProperties::Maximum),
            Statistic::Average => made.statistic = Some(StatisticProperties::Average),
            Statistic::Percentile(p) => made.extended_statistic = Some(p.to_owned()),
        }
        return Ok(made);
    }
    let mut sum = Vec::new();
    for (n, metric) in (1..).zip(&alarm.metrics) {
        let mut of = MetricProperties::new(metric.namespace, metric.name);
        of.dimensions = dimensions(scope, &metric.dimension)?;
        let mut query = MetricDataQuery::new(format!("m{n}"));
        query.metric_stat = Some(MetricStat::new(of, alarm.period, statistic(&metric.statistic)));
        query.return_data = Some(false);
        made.metrics.push(query);
        // One that is silent must not silence the sum.
        sum.push(format!("FILL(m{n}, 0)"));
    }
    let mut whole = MetricDataQuery::new("sum");
    whole.expression = Some(sum.join(" + "));
    whole.return_data = Some(true);
    made.metrics.push(whole);
    Ok(made)
}

fn statistic(statistic: &Statistic) -> &'static str {
    match statistic {
        Statistic::Sum => "Sum",
        Statistic::Maximum => "Maximum",
        Statistic::Average => "Average",
        Statistic::Percentile(p) => p,
    }
}

fn dimensions(scope: &Scope<'_>, of: &Dimension) -> Result<Vec<DimensionProperties>, DocumentError> {
    let made = named(scope, of)?.into_iter().map(|(name, value)| DimensionProperties::new(name, value));
    Ok(made.collect())
}

/// By name and not by reference: an alarm needs nothing of what it watches, and a dashboard that referred to
/// everything would be bound to every stack.
fn named(scope: &Scope<'_>, of: &Dimension) -> Result<Vec<(String, Str)>, DocumentError> {
    let one = |name: &str, value: Str| vec![(name.to_owned(), value)];
    Ok(match of {
        Dimension::Queue(r) => one("QueueName", scope.named(scope.queue(r).map_or(r.0.as_str(), |q| q.name.as_str()))),
        Dimension::Topic(r) => one("TopicName", scope.named(scope.topic(r).map_or(r.0.as_str(), |t| t.name.as_str()))),
        Dimension::Function(r) => match scope.function(r) {
            Some(function) => one("FunctionName", super::functions::name(scope, function)),
            None => Vec::new(),
        },
        Dimension::Machine(r) => one("StateMachineArn", scope.machine_arn(r)),
        Dimension::Gateway(r) => {
            let mut made = one("ApiId", scope::reference(&r.0)?);
            if scope.gateway(r).is_some_and(|g| g.kind == GatewayKind::Websocket) {
                made.extend(one("Stage", Str::parameter(&scope.names.stage)));
            }
            made
        }
        // The metrics of all stages and flows of an account lie in one namespace.
        Dimension::Flow(name, value) => {
            vec![("Prefix".to_owned(), Str::parameter(&scope.names.prefix)), (name.clone(), value.as_str().into())]
        }
        Dimension::Account => Vec::new(),
    })
}

fn text(text: &str) -> Tree {
    Tree::Text(text.to_owned())
}

fn dashboard(scope: &Scope<'_>) -> Result<Tree, DocumentError> {
    let mut widgets = Vec::new();
    for (at, widget) in (0_i64..).zip(&scope.plan.dashboard) {
        widgets.push(Tree::map([
            ("type", text("metric")),
            ("x", Tree::Int((at % 2) * WIDTH)),
            ("y", Tree::Int((at / 2) * HEIGHT)),
            ("width", Tree::Int(WIDTH)),
            ("height", Tree::Int(HEIGHT)),
            ("properties", graph(scope, widget)?),
        ]));
    }
    Ok(Tree::map([("widgets", Tree::List(widgets))]))
}

fn graph(scope: &Scope<'_>, widget: &Widget) -> Result<Tree, DocumentError> {
    let title = match widget.metrics.len() {
        all if all > LINES => format!("{} ({LINES} of {all})", widget.title),
        _ => widget.title.clone(),
    };
    let usual = widget.metrics.first().map_or("Sum", |m| statistic(&m.statistic));
    let mut metrics = Vec::new();
    for metric in widget.metrics.iter().take(LINES) {
        metrics.push(line(scope, metric, usual)?);
    }
    Ok(Tree::map([
        ("title", Tree::Text(title)),
        ("view", text("timeSeries")),
        ("region", Str::from(Pseudo::Region).into()),
        ("period", Tree::Int(PERIOD)),
        ("stat", text(usual)),
        ("metrics", Tree::List(metrics)),
    ]))
}

/// A metric as a dashboard lists it: namespace, name, dimensions, and the statistic where it is not the usual.
fn line(scope: &Scope<'_>, metric: &Metric, usual: &str) -> Result<Tree, DocumentError> {
    let mut made = vec![text(metric.namespace), text(metric.name)];
    for (name, value) in named(scope, &metric.dimension)? {
        made.extend([Tree::Text(name), value.into()]);
    }
    let own = statistic(&metric.statistic);
    if own != usual {
        made.push(Tree::map([("stat", text(own))]));
    }
    Ok(Tree::List(made))
}
