//! AWS Signature Version 4: who signed a request, and whether they did.
//!
//! Source: "Create a signed AWS API request" in the IAM User Guide. The date is not compared with the
//! clock: the engine's clock may be days ahead of the one that signed.

use std::fmt::Write;

use ring::{digest, hmac};

use crate::kernel::AwsError;
use crate::wire::Request;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What an `Authorization` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) access_key: String,
    pub(super) service: String,
    /// `DATE/REGION/SERVICE/aws4_request`.
    scope: String,
    headers: Vec<String>,
    digest: String,
}

impl Signature {
    /// The signature of a request.
    pub(super) fn of(request: &Request) -> Result<Self, AwsError> {
        let missing = || {
            let message = "The request must contain a signature: give the client the endpoint's credentials";
            AwsError::new("MissingAuthenticationTokenException", message).status(403)
        };
        let header = request.header("authorization").ok_or_else(missing)?;
        Self::parse(header).ok_or_else(|| {
            AwsError::new("IncompleteSignatureException", "the Authorization header is no Signature Version 4")
                .status(403)
        })
    }

    fn parse(header: &str) -> Option<Self> {
        let fields = header.strip_prefix(ALGORITHM)?;
        let field = |name: &str| {
            let named = |part: &&str| part.trim().starts_with(name);
            fields.split(',').find(named)?.trim().strip_prefix(name)?.strip_prefix('=')
        };
        let (access_key, scope) = field("Credential")?.split_once('/')?;
        let mut parts = scope.split('/');
        let (_date, _region, service) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next() != Some("aws4_request") {
            return None;
        }
        Some(Self {
            access_key: access_key.to_owned(),
            service: service.to_owned(),
            scope: scope.to_owned(),
            headers: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            digest: field("Signature")?.to_owned(),
        })
    }

    /// Whether the holder of `secret` signed just this request.
    pub(super) fn verify(&self, request: &Request, secret: &str) -> Result<(), AwsError> {
        let text = self.text_to_sign(request);
        let key = self.scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec()
        });
        let expected = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signed = from_hex(&self.digest).unwrap_or_default();
        hmac::verify(&expected, text.as_bytes(), &signed).map_err(|_| {
            let message = "The request signature we calculated does not match the signature you provided. \
                           Check your AWS Secret Access Key and signing method.";
            AwsError::new("InvalidSignatureException", message).status(403)
        })
    }

    fn text_to_sign(&self, request: &Request) -> String {
        let date = request.header("x-amz-date").unwrap_or_default();
        let canonical = self.canonical(request);
        format!("{ALGORITHM}\n{date}\n{}\n{}", self.scope, sha256(canonical.as_bytes()))
    }

    fn canonical(&self, request: &Request) -> String {
        let mut text = format!("{}\n{}\n{}\n", request.method, encoded(&request.path), query(&request.query));
        for name in &self.headers {
            let value = request.header(name).unwrap_or_default();
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "{name}:{value}");
        }
        // The sum that the client names is not believed: it may be another body's.
        let body = sha256(&request.body);
        let _ = write!(text, "\n{}\n{body}", self.headers.join(";"));
        text
    }
}

/// The path, encoded once more than it was sent, as every service but S3 has it.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => text.push(char::from(byte)),
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

/// The query's parameters in order, each with its `=`.
fn query(query: &str) -> String {
    let mut parameters: Vec<(&str, &str)> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .collect();
    parameters.sort_unstable();
    let parameters: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.join("&")
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().filter_map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, Method};

    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// `get-vanilla-query-order-key-case` of AWS's published test suite for Signature Version 4.
    fn published() -> Request {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "example.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, \
                 Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
        ] {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let query = "Param2=value2&Param1=value1".to_owned();
        Request { method: Method::GET, path: "/".into(), query, headers, body: Bytes::new() }
    }

    #[test]
    fn a_published_signature_is_verified() {
        let request = published();
        let signature = Signature::of(&request).unwrap();
        assert_eq!((signature.access_key.as_str(), signature.service.as_str()), ("AKIDEXAMPLE", "service"));
        signature.verify(&request, SECRET).unwrap();
    }

    #[test]
    fn another_secret_path_query_or_body_is_refused() {
        let request = published();
        let signature = Signature::of(&request).unwrap();
        let refused = |request: &Request, secret: &str| {
            assert_eq!(signature.verify(request, secret).unwrap_err().code, "InvalidSignatureException");
        };
        refused(&request, "other");
        refused(&Request { path: "/other".into(), ..request.clone() }, SECRET);
        refused(&Request { query: "Param2=value2".into(), ..request.clone() }, SECRET);
        refused(&Request { body: Bytes::from_static(b"{}"), ..request.clone() }, SECRET);
    }

    #[test]
    fn a_body_is_not_another_ones_whose_sum_was_signed() {
        let mut request = Request { body: Bytes::from_static(b"{}"), ..published() };
        request.headers.insert("x-amz-content-sha256", sha256(b"{}").parse().unwrap());
        let headers = "host;x-amz-content-sha256;x-amz-date";
        let mut signature = Signature::of(&request).unwrap();
        signature.headers = headers.split(';').map(str::to_owned).collect();
        let text = signature.text_to_sign(&request);
        let key = signature.scope.split('/').fold(format!("AWS4{SECRET}").into_bytes(), |key, part| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec()
        });
        signature.digest = hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes()).as_ref());
        signature.verify(&request, SECRET).unwrap();
        let other = Request { body: Bytes::from_static(b"{\"a\":1}"), ..request };
        assert_eq!(signature.verify(&other, SECRET).unwrap_err().code, "InvalidSignatureException");
    }

    #[test]
    fn a_request_without_a_signature_is_refused() {
        let mut request = published();
        request.headers.insert("authorization", "Bearer x".parse().unwrap());
        assert_eq!(Signature::of(&request).unwrap_err().code, "IncompleteSignatureException");
        request.headers.remove("authorization");
        assert_eq!(Signature::of(&request).unwrap_err().code, "MissingAuthenticationTokenException");
    }
}
