//! Amazon SES v2: takes mails, and keeps every one of them instead of sending it.
//!
//! In: SES's operations. Out: their answers, mails that a person and a test can read, and the events that
//! the mailbox simulator's addresses and the suppression list lead to. Guaranteed: no mail leaves the
//! machine; an event that is due is published, after a restart too.

mod control;
mod events;
mod mail;
mod send;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::control::{ConfigurationSet, Identity, Suppressed};
use self::events::Due;
use crate::kernel::{Access, AwsError, Call, Caller, Service, StoreError, Table, World};
use crate::wire::{Protocol, Rest, Route};

/// As ARNs and signatures name it.
pub const NAME: &str = "ses";

const ADDRESSES: &str = "/v2/email/suppression/addresses";
const ADDRESS: &str = "/v2/email/suppression/addresses/{EmailAddress}";
const SET: &str = "/v2/email/configuration-sets/{ConfigurationSetName}";
const IDENTITY: &str = "/v2/email/identities/{EmailIdentity}";
const DESTINATIONS: &str = "/v2/email/configuration-sets/{ConfigurationSetName}/event-destinations";
const DESTINATION: &str =
    "/v2/email/configuration-sets/{ConfigurationSetName}/event-destinations/{EventDestinationName}";
const SENDING: &str = "/v2/email/configuration-sets/{ConfigurationSetName}/sending";
const SUPPRESSION: &str = "/v2/email/configuration-sets/{ConfigurationSetName}/suppression-options";
const IDENTITY_SET: &str = "/v2/email/identities/{EmailIdentity}/configuration-set";

/// How clients call it.
pub const PROTOCOL: Protocol = Protocol::Rest(Rest {
    routes: &[
        Route::new("SendEmail", "POST", "/v2/email/outbound-emails"),
        Route::new("CreateEmailIdentity", "POST", "/v2/email/identities"),
        Route::new("GetEmailIdentity", "GET", IDENTITY),
        Route::new("DeleteEmailIdentity", "DELETE", IDENTITY),
        Route::new("CreateConfigurationSet", "POST", "/v2/email/configuration-sets"),
        Route::new("GetConfigurationSet", "GET", SET),
        Route::new("DeleteConfigurationSet", "DELETE", SET),
        Route::new("CreateConfigurationSetEventDestination", "POST", DESTINATIONS),
        Route::new("GetConfigurationSetEventDestinations", "GET", DESTINATIONS),
        Route::new("UpdateConfigurationSetEventDestination", "PUT", DESTINATION),
        Route::new("DeleteConfigurationSetEventDestination", "DELETE", DESTINATION),
        Route::new("PutConfigurationSetSendingOptions", "PUT", SENDING),
        Route::new("PutConfigurationSetSuppressionOptions", "PUT", SUPPRESSION),
        Route::new("PutEmailIdentityConfigurationSetAttributes", "PUT", IDENTITY_SET),
        Route::new("PutSuppressedDestination", "PUT", ADDRESSES),
        Route::new("GetSuppressedDestination", "GET", ADDRESS),
        Route::new("DeleteSuppressedDestination", "DELETE", ADDRESS),
        Route {
            query: &[("PageSize", "PageSize"), ("NextToken", "NextToken")],
            lists: &[("Reason", "Reasons")],
            ..Route::new("ListSuppressedDestinations", "GET", ADDRESSES)
        },
    ],
});

/// How many mails are kept.
const MAILS: usize = 10_000;

/// The service.
#[derive(Debug)]
pub struct Ses {
    world: World,
    tables: Tables,
    identities: RefCell<BTreeMap<String, Identity>>,
    sets: RefCell<BTreeMap<String, ConfigurationSet>>,
    suppressed: RefCell<BTreeMap<String, Suppressed>>,
    mails: RefCell<VecDeque<(String, Value)>>,
}

#[derive(Debug)]
struct Tables {
    identities: Table,
    sets: Table,
    suppressed: Table,
    mails: Table,
    events: Table,
}

impl Ses {
    /// Loads the records and publishes the events that are left.
    pub fn start(world: &World) -> Result<Rc<Self>, StoreError> {
        let tables = Tables {
            identities: world.store.table("ses.identities"),
            sets: world.store.table("ses.sets"),
            suppressed: world.store.table("ses.suppressed"),
            mails: world.store.table("ses.mails"),
            events: world.store.table("ses.events"),
        };
        let ses = Rc::new(Self {
            identities: RefCell::new(tables.identities.load()?.into_iter().collect()),
            sets: RefCell::new(tables.sets.load()?.into_iter().collect()),
            suppressed: RefCell::new(tables.suppressed.load()?.into_iter().collect()),
            mails: RefCell::new(tables.mails.load()?.into()),
            world: world.clone(),
            tables,
        });
        for (key, due) in ses.tables.events.load::<Due>()? {
            ses.publish(key, due);
        }
        Ok(ses)
    }

    fn answer(self: &Rc<Self>, call: Call) -> Result<Value, AwsError> {
        let Call { caller, operation, input } = call;
        match operation.as_str() {
            "SendEmail" => self.send(&caller, read(input)?),
            "eventloom:ListMails" => {
                Ok(json!({"Mails": self.mails.borrow().iter().map(|(_, mail)| mail.clone()).collect::<Vec<_>>()}))
            }
            other => self.control(&caller, other, input),
        }
    }

    fn check(&self, caller: &Caller, action: &str, resource: &str, context: &[(&str, &str)]) -> Result<(), AwsError> {
        self.world.guard.check(&Access { caller, action, resource, policy: None, context })
    }
}

impl Service for Ses {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move { self.answer(call) }.boxed_local()
    }
}

/// An operation's input in its type.
fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| bad_request(error.to_string()))
}

fn bad_request(message: impl Into<String>) -> AwsError {
    AwsError::new("BadRequestException", message)
}

fn not_found(what: &str) -> AwsError {
    AwsError::new("NotFoundException", format!("{what} does not exist.")).status(404)
}

/// What AWS has and this engine has not, by name.
fn absent(what: &str) -> AwsError {
    AwsError::unsupported(NAME, what)
}
