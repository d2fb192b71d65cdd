//! `AWS::ApiGatewayV2::…` and `AWS::ApiGateway::Account`
//!
//! The gateway takes CloudFormation's own words, and the ids that are drawn here: to put a thing again under
//! its id changes nothing.

use serde_json::{Value, json};

use super::{Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, member, merge, there};

pub(super) static KINDS: &[&Kind] = &[&ACCOUNT, &API, &AUTHORIZER, &INTEGRATION, &ROUTE, &ROUTE_RESPONSE, &STAGE];

static ACCOUNT: Kind = Kind {
    name: "AWS::ApiGateway::Account",
    properties: &[Property::update("CloudWatchRoleArn", Shape::Text)],
    attributes: &["Id"],
    named: Named::Made,
    make: Make::Inert("API Gateway writes no logs here", |cx| Made::new(cx.name).with("Id", cx.name)),
};

/// The calls of a part whose id is drawn here.
macro_rules! part {
    ($what:literal) => {
        Make::Calls(Calls {
            find: |cx| Box::pin(async { Ok(Some(part(cx, $what))) }),
            create: |cx| Box::pin(put(cx, $what, concat!("Create", $what))),
            update: |cx, _, _| Box::pin(put(cx, $what, concat!("Update", $what))),
            delete: |cx, _| Box::pin(delete(cx, $what, concat!("Delete", $what))),
        })
    };
}

static API: Kind = Kind {
    name: "AWS::ApiGatewayV2::Api",
    properties: &[
        Property::update(
            "CorsConfiguration",
            Shape::Members(&[
                Property::update("AllowCredentials", Shape::Flag),
                Property::update("AllowHeaders", Shape::Texts),
                Property::update("AllowMethods", Shape::Texts),
                Property::update("AllowOrigins", Shape::Texts),
                Property::update("ExposeHeaders", Shape::Texts),
                Property::update("MaxAge", Shape::Number),
            ]),
        ),
        Property::inert("Description", Shape::Text, "text for people"),
        Property::update("Name", Shape::Text).required(),
        Property::replace("ProtocolType", Shape::Text).required(),
        Property::update("RouteSelectionExpression", Shape::Text),
        Property::inert("Tags", Shape::Entries, "nothing reads them"),
    ],
    attributes: &["ApiEndpoint", "ApiId"],
    named: Named::Drawn(10),
    make: part!("Api"),
};

static AUTHORIZER: Kind = Kind {
    name: "AWS::ApiGatewayV2::Authorizer",
    properties: &[
        Property::replace("ApiId", Shape::Text).required(),
        Property::update("AuthorizerType", Shape::Text).required(),
        Property::update("AuthorizerUri", Shape::Text),
        Property::update("IdentitySource", Shape::Texts),
        Property::update(
            "JwtConfiguration",
            Shape::Members(&[Property::update("Audience", Shape::Texts), Property::update("Issuer", Shape::Text)]),
        ),
        Property::update("Name", Shape::Text).required(),
    ],
    attributes: &["AuthorizerId"],
    named: Named::Drawn(7),
    make: part!("Authorizer"),
};

static INTEGRATION: Kind = Kind {
    name: "AWS::ApiGatewayV2::Integration",
    properties: &[
        Property::replace("ApiId", Shape::Text).required(),
        Property::update("IntegrationMethod", Shape::Text),
        Property::update("IntegrationType", Shape::Text).required(),
        Property::update("IntegrationUri", Shape::Text).required(),
        Property::update("PayloadFormatVersion", Shape::Text),
        Property::update("TimeoutInMillis", Shape::Number),
    ],
    attributes: &["IntegrationId"],
    named: Named::Drawn(7),
    make: part!("Integration"),
};

static ROUTE: Kind = Kind {
    name: "AWS::ApiGatewayV2::Route",
    properties: &[
        Property::replace("ApiId", Shape::Text).required(),
        Property::update("AuthorizationScopes", Shape::Texts),
        Property::update("AuthorizationType", Shape::Text),
        Property::update("AuthorizerId", Shape::Text),
        Property::update("RouteKey", Shape::Text).required(),
        Property::update("RouteResponseSelectionExpression", Shape::Text),
        Property::update("Target", Shape::Text).required(),
    ],
    attributes: &["RouteId"],
    named: Named::Drawn(7),
    make: part!("Route"),
};

static ROUTE_RESPONSE: Kind = Kind {
    name: "AWS::ApiGatewayV2::RouteResponse",
    properties: &[
        Property::replace("ApiId", Shape::Text).required(),
        Property::replace("RouteId", Shape::Text).required(),
        Property::update("RouteResponseKey", Shape::Text).required(),
    ],
    attributes: &["RouteResponseId"],
    named: Named::Drawn(7),
    make: part!("RouteResponse"),
};

static STAGE: Kind = Kind {
    name: "AWS::ApiGatewayV2::Stage",
    properties: &[
        Property::update(
            "AccessLogSettings",
            Shape::Members(&[Property::update("DestinationArn", Shape::Text), Property::update("Format", Shape::Text)]),
        ),
        Property::replace("ApiId", Shape::Text).required(),
        Property::update("AutoDeploy", Shape::Flag),
        Property::update(
            "DefaultRouteSettings",
            Shape::Members(&[
                Property::update("DetailedMetricsEnabled", Shape::Flag),
                Property::update("ThrottlingBurstLimit", Shape::Number),
                Property::update("ThrottlingRateLimit", Shape::Number),
            ]),
        ),
        Property::inert("Description", Shape::Text, "text for people"),
        Property::replace("StageName", Shape::Text).required(),
        Property::update("StageVariables", Shape::Entries),
        Property::inert("Tags", Shape::Entries, "nothing reads them"),
    ],
    attributes: &[],
    named: Named::Property { property: "StageName", longest: 128, fifo: None, within: Some("ApiId") },
    make: part!("Stage"),
};

/// The member that names a part: `RouteId`; a stage has a name.
fn id(what: &str) -> String {
    if what == "Stage" { "StageName".to_owned() } else { format!("{what}Id") }
}

fn part(cx: &Cx<'_>, what: &str) -> Made {
    let made = Made::new(cx.name);
    if what == "Stage" { made } else { made.with(&id(what), cx.name) }
}

async fn put(cx: &Cx<'_>, what: &'static str, operation: &'static str) -> Result<Made, Refused> {
    let input = merge(cx.properties.clone(), json!({ id(what): cx.name }));
    let answer = cx.call("apigatewayv2", operation, input).await?;
    let made = part(cx, what);
    Ok(if what == "Api" { made.with("ApiEndpoint", member(&answer, "/ApiEndpoint")) } else { made })
}

async fn delete(cx: &Cx<'_>, what: &'static str, operation: &'static str) -> Result<(), Refused> {
    let input = merge(cx.pick(&["ApiId"]), json!({ id(what): cx.name }));
    there(cx.call("apigatewayv2", operation, input).await).map(|_: Option<Value>| ())
}
