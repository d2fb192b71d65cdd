//! An issuer of JSON Web Tokens, since the flow's own does not exist here.
//!
//! In: claims. Out: tokens signed with ES256, and the key set that they are checked against (`JwksUrl`
//! points to it). The issuer's name in a token is the flow's, as its functions expect.
//!
//! The key is drawn from a seed, so that a simulation repeats itself; ES256 signs without chance (RFC 6979).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use crate::kernel::{Random, Time};

/// The one key's id.
const KEY: &str = "local";

/// Makes tokens and checks them.
#[derive(Clone, Debug)]
pub struct Issuer(SigningKey);

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It has not three parts of base64, or its parts are no JSON.
    #[error("the token is malformed")]
    Malformed,
    /// Its algorithm is not ES256, the only one that this issuer signs with.
    #[error("the token's algorithm is not ES256")]
    Algorithm,
    /// This issuer did not sign it.
    #[error("the token's signature is wrong")]
    Signature,
    /// It is no longer, or not yet, good.
    #[error("the token is expired or not yet valid")]
    Time,
}

impl Issuer {
    /// An issuer with a key drawn from `random`.
    pub fn new(random: &Random) -> Self {
        loop {
            if let Ok(issuer) = Self::from_hex(&random.hex(64)) {
                return issuer;
            }
        }
    }

    /// The issuer whose secret key [`secret`](Self::secret) gave.
    pub fn from_hex(secret: &str) -> Result<Self, TokenError> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, rest) = secret.as_bytes().as_chunks::<2>();
        let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect();
        let bytes = bytes.filter(|_| rest.is_empty()).ok_or(TokenError::Malformed)?;
        SigningKey::from_slice(&bytes).map(Self).map_err(|_| TokenError::Malformed)
    }

    /// The secret key, to be kept where only its owner reads.
    pub fn secret(&self) -> String {
        self.0.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The public keys: a JSON Web Key Set (RFC 7517).
    pub fn keys(&self) -> Value {
        let point = self.0.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| URL_SAFE_NO_PAD.encode(bytes.map_or(&[][..], |b| b));
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY,
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        }]})
    }

    /// A token with these claims (RFC 7519).
    pub fn token(&self, claims: &Value) -> String {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": "ES256", "typ": "JWT", "kid": KEY}).to_string());
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature: Signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The claims of a token that this issuer signed and that is good at `now`.
    pub fn verify(&self, token: &str, now: Time) -> Result<Value, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed);
        let json = |part: &str| serde_json::from_slice::<Value>(&decoded(part)?).map_err(|_| TokenError::Malformed);
        if json(header)?.get("alg") != Some(&json!("ES256")) {
            return Err(TokenError::Algorithm);
        }
        let signature = Signature::from_slice(&decoded(signature)?).map_err(|_| TokenError::Signature)?;
        self.0.verifying_key().verify(signed.as_bytes(), &signature).map_err(|_| TokenError::Signature)?;
        let claims = json(claims)?;
        let moment = |name: &str| claims.get(name).and_then(Value::as_f64);
        let now = now.fractional_seconds();
        // A time that is none is no time to be within.
        let is_none = |name: &str| claims.get(name).is_some() && moment(name).is_none();
        let is_over = moment("exp").is_some_and(|end| end <= now);
        if is_over || moment("nbf").is_some_and(|start| start > now) || is_none("exp") || is_none("nbf") {
            return Err(TokenError::Time);
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_000_000);

    fn issuer() -> Issuer {
        Issuer::new(&Random::seeded(1))
    }

    #[test]
    fn a_token_of_its_own_is_good_until_it_expires() {
        let claims = json!({"sub": "agshin", "exp": 1_001});
        let token = issuer().token(&claims);
        assert_eq!(issuer().verify(&token, NOW), Ok(claims));
        assert_eq!(issuer().verify(&token, Time::from_millis(1_001_000)), Err(TokenError::Time));
        for claims in [json!({"nbf": 1_001}), json!({"exp": "never"}), json!({"nbf": null}), json!({"exp": 1000})] {
            assert_eq!(issuer().verify(&issuer().token(&claims), NOW), Err(TokenError::Time), "{claims}");
        }
    }

    #[test]
    fn a_key_can_be_kept() {
        let kept = Issuer::from_hex(&issuer().secret()).unwrap();
        assert_eq!(kept.keys(), issuer().keys());
        assert!(Issuer::from_hex("00").is_err());
        assert!(Issuer::from_hex("zz").is_err());
    }

    #[test]
    fn a_token_of_another_key_or_algorithm_is_refused() {
        let other = Issuer::new(&Random::seeded(2)).token(&json!({"sub": "agshin"}));
        assert_eq!(issuer().verify(&other, NOW), Err(TokenError::Signature));
        let own = issuer().token(&json!({"sub": "agshin"}));
        let (signed, signature) = own.rsplit_once('.').unwrap();
        let claims = signed.split_once('.').unwrap().1;
        for algorithm in [json!("none"), json!("None"), json!("HS256"), json!("RS256"), json!(["ES256"]), json!(null)] {
            let header = URL_SAFE_NO_PAD.encode(json!({"alg": algorithm}).to_string());
            for signature in ["", signature] {
                let token = format!("{header}.{claims}.{signature}");
                assert_eq!(issuer().verify(&token, NOW), Err(TokenError::Algorithm), "{algorithm}");
            }
        }
        // Other claims, or another header, under its own signature.
        let forged = URL_SAFE_NO_PAD.encode(json!({"sub": "rustam"}).to_string());
        let header = signed.split_once('.').unwrap().0;
        let keyed = URL_SAFE_NO_PAD.encode(json!({"alg": "ES256", "jku": "http://169.254.169.254/"}).to_string());
        for token in [format!("{header}.{forged}.{signature}"), format!("{keyed}.{claims}.{signature}")] {
            assert_eq!(issuer().verify(&token, NOW), Err(TokenError::Signature));
        }
        for broken in ["", "a", "a.b", "a.b.c", "🦀.🦀.🦀"] {
            assert_eq!(issuer().verify(broken, NOW), Err(TokenError::Malformed));
        }
    }
}
