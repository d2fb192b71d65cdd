//! AWS KMS: keys, their policies, and who may use them.
//!
//! In: KMS's operations, and from other services the question whether a caller may use the key of their
//! resource. Out: their answers. Guaranteed: what was encrypted is decrypted only with the same key and the
//! same encryption context, and unchanged; whoever uses a key is allowed to by the key's policy.
//!
//! Nothing is secret here: a key's material stands in the engine's file, and the numbers that are drawn for
//! it repeat with the engine's seed. A key of this engine protects nothing but this engine.
//!
//! | file | is |
//! | --- | --- |
//! | `key`, `blob` | what is kept, and what is encrypted |
//! | `control` | the operations on keys and aliases |
//! | `crypto` | `Encrypt`, `Decrypt`, data keys |
//! | `usage` | the use of a key by another service |
//!
//! Inert, though accepted and read back: `Description`, tags, `EnableKeyRotation` (a key has one material).

mod blob;
mod control;
mod crypto;
mod errors;
mod input;
mod key;
mod usage;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::Value;

use self::errors::{no_alias, no_key};
use self::key::Key;
use crate::kernel::{Access, Arn, AwsError, Call, Caller, Service, StoreError, Table, World};
use crate::wire::{AwsJson, Protocol};

/// As ARNs and signatures name it.
pub const NAME: &str = "kms";

/// How clients call it.
pub const PROTOCOL: Protocol = Protocol::Json(AwsJson { version: "1.1", target: "TrentService", query_errors: None });

/// The service.
#[derive(Debug)]
pub struct Kms {
    world: World,
    keys_table: Table,
    aliases_table: Table,
    /// By id.
    keys: RefCell<BTreeMap<String, Rc<Key>>>,
    /// The ids of keys by alias, as `alias/orders`.
    aliases: RefCell<BTreeMap<String, String>>,
}

impl Kms {
    /// Loads the records.
    pub fn start(world: &World) -> Result<Rc<Self>, StoreError> {
        let (keys_table, aliases_table) = (world.store.table("kms.keys"), world.store.table("kms.aliases"));
        let keys = keys_table.load()?.into_iter().map(|(id, key)| (id, Rc::new(key))).collect();
        let aliases = aliases_table.load()?.into_iter().collect();
        let (keys, aliases) = (RefCell::new(keys), RefCell::new(aliases));
        Ok(Rc::new(Self { world: world.clone(), keys_table, aliases_table, keys, aliases }))
    }

    fn answer(&self, call: Call) -> Result<Value, AwsError> {
        let Call { caller, operation, input } = call;
        let caller = &caller;
        match operation.as_str() {
            "CreateKey" => self.create_key(caller, input),
            "DescribeKey" => self.describe_key(caller, input),
            "ListKeys" => self.list_keys(caller, input),
            "UpdateKeyDescription" => self.update_description(caller, input),
            "EnableKey" | "DisableKey" => self.enable(caller, &operation, input),
            "EnableKeyRotation" | "DisableKeyRotation" => self.rotate(caller, &operation, input),
            "GetKeyRotationStatus" => self.rotation(caller, input),
            "ScheduleKeyDeletion" => self.schedule_deletion(caller, input),
            "CancelKeyDeletion" => self.cancel_deletion(caller, input),
            "GetKeyPolicy" => self.get_key_policy(caller, input),
            "PutKeyPolicy" => self.put_key_policy(caller, input),
            "ListKeyPolicies" => self.list_key_policies(caller, input),
            "TagResource" => self.tag(caller, input),
            "UntagResource" => self.untag(caller, input),
            "ListResourceTags" => self.list_tags(caller, input),
            "CreateAlias" => self.create_alias(caller, input),
            "UpdateAlias" => self.update_alias(caller, input),
            "DeleteAlias" => self.delete_alias(caller, input),
            "ListAliases" => self.list_aliases(caller, input),
            "Encrypt" => self.encrypt(caller, input),
            "Decrypt" => self.decrypt(caller, input),
            "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => self.generate(caller, &operation, input),
            "eventloom:Use" => self.use_key(caller, input),
            other => Err(AwsError::unsupported(NAME, other)),
        }
    }

    /// The key of an id, an ARN, an alias or an alias's ARN.
    fn find(&self, id: &str) -> Result<Rc<Key>, AwsError> {
        let name = match Arn::parse(id) {
            Ok(arn) if arn.service() == NAME => arn.resource().to_owned(),
            _ => id.to_owned(),
        };
        let arn = |name: &str| self.world.place.arn(NAME, name);
        let id = if name.starts_with("alias/") {
            self.aliases.borrow().get(&name).cloned().ok_or_else(|| no_alias(&arn(&name)))?
        } else {
            name.strip_prefix("key/").unwrap_or(&name).to_owned()
        };
        let missing = || no_key(&arn(&format!("key/{id}")));
        let key = self.keys.borrow().get(&id).cloned().ok_or_else(missing)?;
        // Its time is over.
        if key.deletion.is_some_and(|deletion| deletion <= self.world.clock.now()) {
            self.forget(&key);
            return Err(missing());
        }
        Ok(key)
    }

    /// The key, to a caller who may do this to it.
    fn allowed(&self, caller: &Caller, operation: &str, id: &str) -> Result<Rc<Key>, AwsError> {
        let key = self.find(id)?;
        self.check(caller, &format!("kms:{operation}"), &key, &[])?;
        Ok(key)
    }

    fn check(&self, caller: &Caller, action: &str, key: &Key, context: &[(&str, &str)]) -> Result<(), AwsError> {
        let resource = key.arn.as_str();
        let mut keys = vec![("kms:CallerAccount", &*self.world.place.account)];
        keys.extend(context);
        self.world.guard.check(&Access { caller, action, resource, policy: Some(&key.policy), context: &keys })
    }

    /// Asks about what concerns no one key, or one that is not there yet.
    fn check_plain(&self, caller: &Caller, operation: &str, resource: &str) -> Result<(), AwsError> {
        let action = format!("kms:{operation}");
        self.world.guard.check(&Access { caller, action: &action, resource, policy: None, context: &[] })
    }

    fn put(&self, key: Key) -> Rc<Key> {
        self.keys_table.put(&key.id, &key);
        let key = Rc::new(key);
        self.keys.borrow_mut().insert(key.id.clone(), Rc::clone(&key));
        key
    }

    fn change(&self, key: &Key, change: impl FnOnce(&mut Key)) -> Rc<Key> {
        let mut changed = key.clone();
        change(&mut changed);
        self.put(changed)
    }

    /// Forgets a key with its aliases.
    fn forget(&self, key: &Key) {
        self.keys.borrow_mut().remove(&key.id);
        self.keys_table.delete(&key.id);
        self.aliases.borrow_mut().retain(|alias, id| {
            let stays = *id != key.id;
            if !stays {
                self.aliases_table.delete(alias);
            }
            stays
        });
    }
}

impl Service for Kms {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move { self.answer(call) }.boxed_local()
    }
}
