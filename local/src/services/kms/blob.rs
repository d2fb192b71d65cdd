//! What is encrypted: AES-256-GCM under the key's material, bound to the key and to the encryption context.
//!
//! A blob is a version, the key's id, a nonce and the sealed text.

use std::collections::BTreeMap;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::key::Key;

const VERSION: u8 = 1;
/// A key's id is a UUID's text.
const ID: usize = 36;

/// Seals a text.
pub(super) fn seal(
    key: &Key,
    context: &BTreeMap<String, String>,
    nonce: [u8; NONCE_LEN],
    plaintext: &[u8],
) -> Option<Vec<u8>> {
    let mut sealed = plaintext.to_vec();
    let bound = Aad::from(bound(&key.id, context));
    cipher(key)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed).ok()?;
    let mut blob = vec![VERSION];
    blob.extend(key.id.as_bytes());
    blob.extend(nonce);
    blob.append(&mut sealed);
    Some(blob)
}

/// The id of the key that a blob was sealed with.
pub(super) fn key_id(blob: &[u8]) -> Option<&str> {
    let (version, rest) = blob.split_first()?;
    let id = rest.get(..ID).filter(|_| *version == VERSION)?;
    std::str::from_utf8(id).ok()
}

/// The text of a blob, if it was sealed with this key in this context and nobody changed it.
pub(super) fn open(key: &Key, context: &BTreeMap<String, String>, blob: &[u8]) -> Option<Vec<u8>> {
    let rest = blob.get(1 + ID..)?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut sealed = sealed.to_vec();
    let bound = Aad::from(bound(&key.id, context));
    Some(cipher(key)?.open_in_place(nonce, bound, &mut sealed).ok()?.to_vec())
}

fn cipher(key: &Key) -> Option<LessSafeKey> {
    let (pairs, _) = key.material.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let material = pairs.iter().map(byte).collect::<Option<Vec<u8>>>()?;
    UnboundKey::new(&AES_256_GCM, &material).ok().map(LessSafeKey::new)
}

/// What is authenticated besides the text; JSON leaves no doubt where a name ends.
fn bound(id: &str, context: &BTreeMap<String, String>) -> Vec<u8> {
    serde_json::json!([id, context]).to_string().into_bytes()
}
