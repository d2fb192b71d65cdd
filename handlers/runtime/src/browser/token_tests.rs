//! Tokens signed here with keys that are made here.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::*;

const NOW: i64 = 1_000_000;
const EXPECTED: Expected<'_> =
    Expected { issuer: "https://issuer.example/", audience: "everi", user: "sub", tenant: None };

struct Issuer(EcdsaKeyPair);

impl Issuer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap())
    }

    fn set(&self, kid: &str) -> Vec<u8> {
        let point = self.0.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": x, "y": y}]})
            .to_string()
            .into_bytes()
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn claims() -> Value {
    json!({"iss": "https://issuer.example/", "aud": "everi", "sub": "agshin", "exp": NOW + 60})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn check(issuer: &Issuer, token: &str, expected: &Expected<'_>) -> Result<Caller, Refused> {
    let keys = keys(&issuer.set("k")).unwrap();
    let token = Token::read(token)?;
    token.verify(token.key(&keys).ok_or(Refused::UnknownKey)?, expected, Timestamp::from_millis(NOW * 1000))
}

fn judged(claims: &Value) -> Result<Caller, Refused> {
    let issuer = Issuer::new();
    check(&issuer, &issuer.token(&json!({"alg": "ES256", "kid": "k"}), claims), &EXPECTED)
}

#[test]
fn a_good_token_says_who_the_caller_is() {
    let caller = Caller { user: "agshin".to_owned(), tenant: None, expires: NOW + 60 };
    assert_eq!(judged(&claims()), Ok(caller.clone()));
    assert_eq!(judged(&with("aud", json!(["other", "everi"]))), Ok(caller));
}

#[test]
fn a_claim_that_is_wrong_or_missing_is_refused() {
    let cases = [
        (with("exp", json!(NOW - 31)), Refused::Expired),
        (with("exp", json!("tomorrow")), Refused::Expired),
        (with("exp", Value::Null), Refused::Expired),
        (with("nbf", json!(NOW + 31)), Refused::Early),
        (with("nbf", json!("x")), Refused::Early),
        (with("iss", json!("https://issuer.example")), Refused::Issuer),
        (with("aud", json!("everi2")), Refused::Audience),
        (with("aud", Value::Null), Refused::Audience),
        (with("sub", json!("")), Refused::Nobody("user")),
        (with("sub", json!(7)), Refused::Nobody("user")),
        (with("sub", json!("a\nb")), Refused::Nobody("user")),
        (with("sub", json!("x".repeat(257))), Refused::Nobody("user")),
    ];
    for (claims, refused) in cases {
        assert_eq!(judged(&claims), Err(refused), "{claims}");
    }
}

#[test]
fn clocks_may_differ_by_the_leeway() {
    assert!(judged(&with("exp", json!(NOW - 29))).is_ok());
    assert!(judged(&with("nbf", json!(NOW + 29))).is_ok());
}

#[test]
fn the_algorithm_is_the_keys_and_not_the_tokens() {
    let issuer = Issuer::new();
    for algorithm in ["none", "HS256", "RS256", "ES384", "es256", ""] {
        let token = issuer.token(&json!({"alg": algorithm, "kid": "k"}), &claims());
        assert_eq!(check(&issuer, &token, &EXPECTED), Err(Refused::Algorithm), "{algorithm}");
    }
}

#[test]
fn an_rsa_key_is_no_secret_of_a_mac() {
    let set = json!({"keys": [{"kty": "RSA", "kid": "k", "n": URL_SAFE_NO_PAD.encode([0xc5; 256]), "e": "AQAB"}]});
    let keys = keys(set.to_string().as_bytes()).unwrap();
    for (algorithm, refused) in [("HS256", Refused::Algorithm), ("RS256", Refused::Signature)] {
        let text = Issuer::new().token(&json!({"alg": algorithm, "kid": "k"}), &claims());
        let token = Token::read(&text).unwrap();
        let judged = token.verify(token.key(&keys).unwrap(), &EXPECTED, Timestamp::from_millis(NOW * 1000));
        assert_eq!(judged, Err(refused));
    }
}

#[test]
fn another_key_another_content_and_an_unknown_key_are_refused() {
    let (ours, other) = (Issuer::new(), Issuer::new());
    let header = json!({"alg": "ES256", "kid": "k"});
    assert_eq!(check(&ours, &other.token(&header, &claims()), &EXPECTED), Err(Refused::Signature));
    let token = ours.token(&header, &claims());
    let forged = URL_SAFE_NO_PAD.encode(with("sub", json!("rustam")).to_string());
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(check(&ours, &format!("{}.{forged}.{}", parts[0], parts[2]), &EXPECTED), Err(Refused::Signature));
    let token = ours.token(&json!({"alg": "ES256", "kid": "new"}), &claims());
    assert_eq!(check(&ours, &token, &EXPECTED), Err(Refused::UnknownKey));
}

#[test]
fn a_tenant_is_required_where_one_is_expected() {
    let expected = Expected { tenant: Some("org"), ..EXPECTED };
    let issuer = Issuer::new();
    let header = json!({"alg": "ES256"});
    let token = issuer.token(&header, &with("org", json!("acme")));
    assert_eq!(check(&issuer, &token, &expected).unwrap().tenant.as_deref(), Some("acme"));
    assert_eq!(check(&issuer, &issuer.token(&header, &claims()), &expected), Err(Refused::Nobody("tenant")));
}

#[test]
fn what_is_no_token_is_refused() {
    let issuer = Issuer::new();
    for text in ["", "a", "a.b", "a.b.c", "..", "🦀.🦀.🦀", "eyJhbGciOiJub25lIn0.e30."] {
        assert!(check(&issuer, text, &EXPECTED).is_err(), "{text}");
    }
    assert_eq!(Token::read(&"x".repeat(LONGEST + 1)).unwrap_err(), Refused::Long);
    let critical = issuer.token(&json!({"alg": "ES256", "kid": "k", "crit": ["b64"]}), &claims());
    assert_eq!(Token::read(&critical).unwrap_err(), Refused::Malformed);
}

#[test]
fn keys_for_other_things_are_passed_over() {
    let set = json!({"keys": [
        {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA", "use": "enc", "n": "AQ", "e": "AQ"},
        {"kty": "RSA", "alg": "RS512", "n": "AQ", "e": "AQ"}, {"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"},
        {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}, 7,
    ]});
    assert_eq!(keys(set.to_string().as_bytes()), Ok(Vec::new()));
    assert_eq!(keys(b"<html>"), Err(Refused::Malformed));
}
