//! The authorizer of a WebSocket API.
//!
//! In: the handshake, whose header `Sec-WebSocket-Protocol` offers `eventloom.v1` and `jwt.TOKEN`. Out: a policy, and
//! the verified user, tenant and end of the token in its context. Guaranteed: the token stands in no log and no answer;
//! whoever cannot be believed is denied, and only a failure of ours is a failure.
//!
//! `Origin` must be one of `ORIGINS`, where any are set. A client without that header is no browser's page, and has its
//! token all the same. Pages of this machine are let in where the issuer's keys are read from this machine too: that is
//! so in the local engine and nowhere else, since nothing else runs beside a Lambda function.

use serde_json::{Value, json};

use super::config::Authorizer;
use super::fetch::is_loopback;
use super::request::{PROTOCOL, Request};
use super::token::{Caller, Expected, Refused, Token};
use crate::cx::Invocation;
use crate::error::Error;

/// What a token stands behind among the offered subprotocols.
const TOKEN: &str = "jwt.";

/// Lets a browser in, or not.
///
/// # Errors
///
/// [`Error::Retry`] where the issuer's keys cannot be read, or a variable is not set.
pub async fn authorize(invocation: &Invocation, payload: Value, config: &Authorizer) -> Result<Value, Error> {
    let request = Request::read(payload)?;
    match judge(invocation, &request).await? {
        Ok(caller) => Ok(allow(&request.method_arn, &caller)),
        Err(reason) => {
            tracing::info!(gateway = config.gateway, %reason, "a browser is not let in");
            Ok(policy(&request.method_arn, "Deny", "nobody", json!({})))
        }
    }
}

/// Why somebody is not let in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Denied {
    #[error("the subprotocols are not `eventloom.v1` and a token")]
    Protocol,
    #[error("the page's origin is not one of the flow's")]
    Origin,
    #[error(transparent)]
    Token(#[from] Refused),
}

async fn judge(invocation: &Invocation, request: &Request) -> Result<Result<Caller, Denied>, Error> {
    let cx = invocation.cx();
    let url = cx.var("JWKS_URL")?;
    if !may_come_from(request.header("origin"), cx.env("ORIGINS").unwrap_or_default(), is_loopback(url)) {
        return Ok(Err(Denied::Origin));
    }
    let Some(text) = offered(request.header("sec-websocket-protocol").unwrap_or_default()) else {
        return Ok(Err(Denied::Protocol));
    };
    let token = match Token::read(text) {
        Ok(token) => token,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let now = invocation.now();
    let Some(key) = cx.kept().keys.key(cx.aws().config(), url, &token, now).await? else {
        return Ok(Err(Refused::UnknownKey.into()));
    };
    let expected = Expected {
        issuer: cx.var("JWT_ISSUER")?,
        audience: cx.var("JWT_AUDIENCE")?,
        user: cx.var("JWT_USER")?,
        tenant: cx.env("JWT_TENANT"),
    };
    Ok(token.verify(&key, &expected, now).map_err(Denied::from))
}

/// The token among the subprotocols, if ours is offered too.
fn offered(header: &str) -> Option<&str> {
    let mut protocols = header.split(',').map(str::trim);
    let token = protocols.clone().find_map(|protocol| protocol.strip_prefix(TOKEN))?;
    protocols.any(|protocol| protocol == PROTOCOL).then_some(token)
}

/// Whether a page of this origin may connect.
fn may_come_from(origin: Option<&str>, origins: &str, is_local: bool) -> bool {
    let Some(origin) = origin else { return true };
    let mut named = origins.split(',').map(str::trim).filter(|named| !named.is_empty()).peekable();
    let is_named = named.peek().is_none() || named.any(|named| named.eq_ignore_ascii_case(origin));
    is_named || (is_local && is_loopback(origin))
}

fn allow(arn: &str, caller: &Caller) -> Value {
    let mut context = json!({"user": caller.user, "expires": caller.expires.to_string()});
    if let (Some(members), Some(tenant)) = (context.as_object_mut(), &caller.tenant) {
        members.insert("tenant".to_owned(), tenant.as_str().into());
    }
    policy(arn, "Allow", &caller.user, context)
}

fn policy(arn: &str, effect: &str, principal: &str, context: Value) -> Value {
    let statement = json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn});
    json!({
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_from_the_subprotocols_only_beside_ours() {
        assert_eq!(offered("eventloom.v1, jwt.a.b.c"), Some("a.b.c"));
        assert_eq!(offered("jwt.a.b.c,eventloom.v1"), Some("a.b.c"));
        for header in ["", "jwt.a.b.c", "eventloom.v1", "eventloom.v2, jwt.a", "eventloom.v1, a.b.c"] {
            assert_eq!(offered(header), None, "{header}");
        }
    }

    #[test]
    fn a_page_comes_from_one_of_the_flows_origins() {
        let origins = "https://everi.example,https://www.everi.example";
        assert!(may_come_from(Some("https://www.everi.example"), origins, false));
        for origin in
            ["https://evil.example", "https://everi.example.evil.example", "null", "", "http://localhost:3000"]
        {
            assert!(!may_come_from(Some(origin), origins, false), "{origin}");
        }
        assert!(may_come_from(None, origins, false), "no browser's page");
        assert!(may_come_from(Some("https://any.example"), "", false), "none are set");
    }

    #[test]
    fn pages_of_this_machine_are_let_in_where_the_keys_are_of_this_machine() {
        assert!(may_come_from(Some("http://localhost:3000"), "https://everi.example", true));
        assert!(!may_come_from(Some("http://localhost.evil.example"), "https://everi.example", true));
        assert!(!may_come_from(Some("https://evil.example"), "https://everi.example", true));
    }

    #[test]
    fn the_context_holds_texts_and_not_the_token() {
        let caller = Caller { user: "agshin".to_owned(), tenant: Some("acme".to_owned()), expires: 7 };
        let answer = allow("arn:x", &caller);
        assert_eq!(answer["context"], json!({"user": "agshin", "tenant": "acme", "expires": "7"}));
        assert_eq!(answer["policyDocument"]["Statement"][0]["Resource"], "arn:x");
    }
}
