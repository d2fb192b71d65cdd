//! Who is behind a signature.

use super::sigv4::Signature;
use crate::kernel::{AwsError, Caller, Keys};
use crate::wire::Request;

/// Who signed the request.
pub(super) fn caller(keys: &Keys, request: &Request, signature: &Signature) -> Result<Caller, AwsError> {
    let invalid = || {
        let message = "The security token included in the request is invalid.";
        AwsError::new("UnrecognizedClientException", message).status(403)
    };
    let (credentials, caller) = keys.find(&signature.access_key).ok_or_else(invalid)?;
    if request.header("x-amz-security-token") != credentials.session_token.as_deref() {
        return Err(invalid());
    }
    signature.verify(request, &credentials.secret_key)?;
    Ok(caller)
}
