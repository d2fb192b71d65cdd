//! APIs: their tables, their own functions, their routes.

use super::functions::named;
use super::{Lowering, names};
use crate::model::{GatewayId, GatewayKind, Quotas, SourceKind};
use crate::plan::{
    BrowserPart, EnvValue, FunctionKind, FunctionRef, Gateway, GatewayPart, GatewayRef, Invoker, Part, Place, Route,
    TableRef,
};

/// The routes that every WebSocket API has beside those of its sources, and whether they answer.
const BUILT_IN: [(&str, &str, bool); 3] =
    [("$default", "Default", true), ("resume", "Resume", true), ("seen", "Seen", true)];

impl Lowering<'_> {
    pub(super) fn connections_ref(&self, id: GatewayId) -> TableRef {
        TableRef(names::logical(self.flow.gateways[id].name.identity(), "GatewayConnections"))
    }

    pub(super) fn log_ref(&self, id: GatewayId) -> TableRef {
        TableRef(names::logical(self.flow.gateways[id].name.identity(), "GatewayLog"))
    }

    fn gateway_place(&self, id: GatewayId, kind: &str) -> Place {
        let gateway = &self.flow.gateways[id];
        names::place(
            names::logical(gateway.name.identity(), kind),
            format!("gateways.{}", gateway.name.text),
            self.facts.components().gateway(id),
        )
    }

    pub(super) fn gateways(&mut self) {
        for (id, gateway) in self.flow.gateways.iter() {
            let mut routes = self.source_routes(id);
            let authorizer = match gateway.kind {
                GatewayKind::Websocket => {
                    self.connections_table(self.gateway_place(id, "GatewayConnections"), &gateway.name.text);
                    self.log_table(self.gateway_place(id, "GatewayLog"), &gateway.name.text);
                    routes.extend(self.websocket_functions(id));
                    Some(FunctionRef(names::logical(gateway.name.identity(), "GatewayAuthorizeFunction")))
                }
                GatewayKind::Http => None,
            };
            routes.sort_by(|a, b| a.key.cmp(&b.key));
            let mut place = self.gateway_place(id, "Gateway");
            place.allow_replace = gateway.allow_replace.as_ref().map(|a| a.value.clone());
            self.plan.gateways.push(Gateway {
                place,
                name: names::physical(&[gateway.name.identity()]),
                about: gateway.about.clone().unwrap_or_else(|| format!("The API {} of the flow.", gateway.name.text)),
                kind: gateway.kind,
                authorizer,
                issuer: gateway.jwt.issuer.value.clone(),
                audience: gateway.jwt.audience.value.clone(),
                origins: gateway.origins.iter().map(|o| o.value.clone()).collect(),
                routes,
                throttle: match self.flow.settings.quotas {
                    Quotas::Large => (1_000, 500),
                    Quotas::Small => (250, 125),
                },
            });
        }
        self.shard_keepers();
    }

    fn source_routes(&self, gateway: GatewayId) -> Vec<Route> {
        let mut routes = Vec::new();
        for source in self.flow.sources.values() {
            let (of, key) = match &source.kind {
                SourceKind::Websocket { gateway, route } => (gateway.value, route.value.clone()),
                SourceKind::Http { gateway, method, path } => {
                    (gateway.value, format!("{} {}", method.value, path.value))
                }
                SourceKind::Table(_) | SourceKind::Schedule(_) | SourceKind::Unresolved => continue,
            };
            if of == gateway {
                routes.push(Route {
                    key,
                    id: names::logical(source.name.identity(), "Route"),
                    function: FunctionRef(names::logical(source.name.identity(), "SourceFunction")),
                    // A WebSocket's authorizer runs when it connects; an HTTP API's before every request.
                    authorized: self.flow.gateways[gateway].kind == GatewayKind::Http,
                    answers: true,
                });
            }
        }
        routes
    }

    /// The functions that every WebSocket API has, and their routes.
    fn websocket_functions(&mut self, id: GatewayId) -> Vec<Route> {
        let gateway = &self.flow.gateways[id];
        let name = gateway.name.text.clone();
        let gateway_ref = GatewayRef(names::logical(gateway.name.identity(), "Gateway"));
        let (connections, log) = (self.connections_ref(id), self.log_ref(id));
        let origins = gateway.origins.iter().map(|o| o.value.as_str()).collect::<Vec<_>>().join(",");
        let (user, tenant) = (gateway.jwt.user.clone(), gateway.jwt.tenant.as_ref().map(|t| t.value.clone()));
        let (issuer, audience) = (gateway.jwt.issuer.value.clone(), gateway.jwt.audience.value.clone());
        let mut routes = Vec::new();

        let kind = FunctionKind::Authorizer { gateway: name.clone() };
        let about = format!("Lets browsers into the gateway {name} by their token.");
        let place = self.gateway_place(id, "GatewayAuthorizeFunction");
        let mut authorize = self.draft(place, named(&gateway.name, "_authorize"), about, kind);
        authorize.timeout(crate::decide::ROUTE_TIMEOUT);
        authorize.invoked_by(Invoker::Authorizer(gateway_ref.clone()));
        authorize.set("JWKS_URL", EnvValue::Parameter("JwksUrl"));
        authorize.set("JWT_ISSUER", EnvValue::Text(issuer));
        authorize.set("JWT_AUDIENCE", EnvValue::Text(audience));
        authorize.set("JWT_USER", EnvValue::Text(user));
        if let Some(tenant) = tenant {
            authorize.set("JWT_TENANT", EnvValue::Text(tenant));
        }
        authorize.set("ORIGINS", EnvValue::Text(origins));
        authorize.tell(Part::browser(BrowserPart::Authorize(name.clone())));
        self.plan.functions.push(authorize.done());

        let kind = FunctionKind::Connect { gateway: name.clone() };
        let about = format!("Takes up a connection to the gateway {name}.");
        let place = self.gateway_place(id, "GatewayConnectFunction");
        let mut connect = self.draft(place, named(&gateway.name, "_connect"), about, kind);
        connect.timeout(crate::decide::ROUTE_TIMEOUT);
        connect.invoked_by(Invoker::Route(gateway_ref.clone(), "$connect".into()));
        connect.reads(&connections, "TABLE_CONNECTIONS".into(), &["by_user".into()]);
        connect.writes(&connections, "TABLE_CONNECTIONS".into());
        self.reads_memberships(&mut connect, id);
        routes.push(route("$connect", "Connect", &connect.reference(), true, true));
        connect.tell_if(self.gateway_part(id).map(|told| Part::browser(BrowserPart::Connect(told))));
        self.plan.functions.push(connect.done());

        let kind = FunctionKind::Disconnect { gateway: name.clone() };
        let about = format!("Forgets a connection to the gateway {name}.");
        let place = self.gateway_place(id, "GatewayDisconnectFunction");
        let mut disconnect = self.draft(place, named(&gateway.name, "_disconnect"), about, kind);
        disconnect.timeout(crate::decide::ROUTE_TIMEOUT);
        disconnect.invoked_by(Invoker::Route(gateway_ref.clone(), "$disconnect".into()));
        disconnect.reads(&connections, "TABLE_CONNECTIONS".into(), &[]);
        disconnect.writes(&connections, "TABLE_CONNECTIONS".into());
        routes.push(route("$disconnect", "Disconnect", &disconnect.reference(), false, false));
        let forgets = GatewayPart { endpoint: String::new(), memberships: Vec::new(), conversations: Vec::new() };
        disconnect.tell(Part::browser(BrowserPart::Disconnect(forgets)));
        self.plan.functions.push(disconnect.done());

        let kind = FunctionKind::Default { gateway: name.clone() };
        let about =
            format!("Answers the built-in routes of the gateway {name}: resume, seen, and what no other takes.");
        let place = self.gateway_place(id, "GatewayDefaultFunction");
        let mut default = self.draft(place, named(&gateway.name, "_default"), about, kind);
        default.timeout(crate::decide::ROUTE_TIMEOUT);
        default.reads(&connections, "TABLE_CONNECTIONS".into(), &["by_user".into()]);
        default.writes(&connections, "TABLE_CONNECTIONS".into());
        default.reads(&log, "TABLE_LOG".into(), &[]);
        default.writes(&log, "TABLE_LOG".into());
        default.posts(&gateway_ref, &name);
        self.reads_memberships(&mut default, id);
        for (key, part, answers) in BUILT_IN {
            default.invoked_by(Invoker::Route(gateway_ref.clone(), key.into()));
            routes.push(route(key, part, &default.reference(), false, answers));
        }
        default.tell_if(self.gateway_part(id).map(|told| Part::browser(BrowserPart::Route(told))));
        self.plan.functions.push(default.done());
        routes
    }

    /// The user's own groups decide which connection shards a connection joins.
    fn reads_memberships(&self, draft: &mut super::functions::Draft, gateway: GatewayId) {
        for (table, of) in self.memberships() {
            if of == gateway {
                self.reads_members(draft, table);
            }
        }
    }
}

fn route(key: &str, part: &str, function: &FunctionRef, authorized: bool, answers: bool) -> Route {
    Route { key: key.into(), id: format!("{part}Route"), function: function.clone(), authorized, answers }
}
