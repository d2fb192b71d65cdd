//! JSON Web Tokens (RFC 7519) of an issuer's key set (RFC 7517).
//!
//! In: a token, the keys, what is expected, and the time. Out: who the caller is, or why not. Guaranteed: the algorithm
//! is the key's and never the token's choice (RS256 for an RSA key, ES256 for one on P-256, nothing else), and no
//! claim is believed before the signature is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::scalar::Timestamp;

/// The longest token. Browsers and API Gateway take no more in a header.
const LONGEST: usize = 8 << 10;
/// The most keys of a set.
const MOST_KEYS: usize = 100;
/// The longest user or tenant: they become parts of DynamoDB's keys, of at most 1,024 bytes (sort key).
const LONGEST_NAME: usize = 256;
/// How far the issuer's clock may be off, in seconds.
const LEEWAY: f64 = 30.0;

/// A public key of the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    id: Option<String>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// A point, uncompressed.
    P256(Vec<u8>),
}

/// Why a token is refused. None of it goes to the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("the token is malformed")]
    Malformed,
    #[error("the token is too long")]
    Long,
    #[error("the token's algorithm is not that of the key")]
    Algorithm,
    #[error("the token's key is unknown")]
    UnknownKey,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token is expired, or says not when it expires")]
    Expired,
    #[error("the token is not valid yet")]
    Early,
    #[error("the token is of another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token's claim `{0}` names nobody")]
    Nobody(&'static str),
}

/// What a token has to say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    /// The claim that is the user.
    pub(super) user: &'a str,
    /// The claim that is the tenant.
    pub(super) tenant: Option<&'a str>,
}

/// Who the caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) user: String,
    pub(super) tenant: Option<String>,
    /// When the token expires, in seconds since the epoch.
    pub(super) expires: i64,
}

/// A token whose parts could be read.
#[derive(Debug)]
pub(super) struct Token<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    algorithm: String,
    key: Option<String>,
    claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood: none is.
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Reads the parts. Nothing of it is to be believed yet.
    pub(super) fn read(text: &'a str) -> Result<Self, Refused> {
        if text.len() > LONGEST {
            return Err(Refused::Long);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Refused::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Refused::Malformed)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed);
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| Refused::Malformed)?;
        if header.crit.is_some() {
            return Err(Refused::Malformed);
        }
        let claims = serde_json::from_slice(&decoded(claims)?).map_err(|_| Refused::Malformed)?;
        Ok(Self { signed, signature: decoded(signature)?, algorithm: header.alg, key: header.kid, claims })
    }

    /// The key that it names, or the only one that there is.
    pub(super) fn key<'k>(&self, keys: &'k [Key]) -> Option<&'k Key> {
        match (&self.key, keys) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_ref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Checks the signature, then the claims.
    pub(super) fn verify(&self, key: &Key, expected: &Expected<'_>, now: Timestamp) -> Result<Caller, Refused> {
        let (signed, signature) = (self.signed.as_bytes(), self.signature.as_slice());
        let verified = match (&key.material, self.algorithm.as_str()) {
            (Material::Rsa { modulus, exponent }, "RS256") => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature),
            (Material::P256(point), "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            _ => return Err(Refused::Algorithm),
        };
        verified.map_err(|_| Refused::Signature)?;
        claimed(&self.claims, expected, now)
    }
}

fn claimed(claims: &Map<String, Value>, expected: &Expected<'_>, now: Timestamp) -> Result<Caller, Refused> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64);
    let now = now.as_millis() as f64 / 1000.0;
    let expires = seconds("exp").filter(|end| *end + LEEWAY > now).ok_or(Refused::Expired)?;
    if claims.contains_key("nbf") && seconds("nbf").is_none_or(|start| start - LEEWAY > now) {
        return Err(Refused::Early);
    }
    if text("iss") != Some(expected.issuer) {
        return Err(Refused::Issuer);
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == expected.audience,
        Some(Value::Array(many)) => many.iter().any(|one| one == expected.audience),
        _ => false,
    };
    if !for_us {
        return Err(Refused::Audience);
    }
    let named = |claim: &str, what| text(claim).filter(|name| is_name(name)).map(str::to_owned).ok_or(what);
    Ok(Caller {
        user: named(expected.user, Refused::Nobody("user"))?,
        tenant: expected.tenant.map(|claim| named(claim, Refused::Nobody("tenant"))).transpose()?,
        // A float beyond the range of the whole numbers ends at their end.
        expires: expires as i64,
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(char::is_control)
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Written {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set that tokens can be signed with here; others, as for encryption, are passed over.
pub(super) fn keys(set: &[u8]) -> Result<Vec<Key>, Refused> {
    let set: KeySet = serde_json::from_slice(set).map_err(|_| Refused::Malformed)?;
    Ok(set.keys.into_iter().take(MOST_KEYS).filter_map(|key| read_key(serde_json::from_value(key).ok()?)).collect())
}

fn read_key(key: Written) -> Option<Key> {
    if key.purpose.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let bytes = |part: Option<String>| URL_SAFE_NO_PAD.decode(part?.trim_end_matches('=')).ok();
    let algorithm = key.alg.as_deref();
    let material = match (key.kty.as_str(), key.crv.as_deref()) {
        ("RSA", _) if algorithm.is_none_or(|alg| alg == "RS256") => {
            Material::Rsa { modulus: bytes(key.n)?, exponent: bytes(key.e)? }
        }
        ("EC", Some("P-256")) if algorithm.is_none_or(|alg| alg == "ES256") => {
            let point = [vec![4], bytes(key.x)?, bytes(key.y)?].concat();
            Material::P256((point.len() == 65).then_some(point)?)
        }
        _ => return None,
    };
    Some(Key { id: key.kid, material })
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
