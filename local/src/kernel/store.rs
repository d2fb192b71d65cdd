//! Durable records: each service's state, as rows of one SQLite file.
//!
//! In: puts and deletes of records, at memory's speed. Guaranteed: after [`Store::durable`] returns, all
//! that was put or deleted before it survives a kill of the process. Records that are written between
//! two commits share one (group commit), on a thread of their own.
//!
//! A service keeps its state in memory, writes each change here as it makes it, and loads it at start.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, OnceLock};

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

/// The layout of the file; another one is refused.
const VERSION: i64 = 1;

/// What is wrong with the file.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// SQLite refused.
    #[error("the engine's file failed: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// A record is not what its service wrote.
    #[error("the record `{1}` of `{0}` in the engine's file cannot be read: {2}")]
    Record(&'static str, String, Arc<serde_json::Error>),
    /// Another version of the engine wrote the file.
    #[error("the engine's file has layout {0}, and this engine reads layout {VERSION}: start with `--fresh`")]
    Version(i64),
    /// The database of the tables, which has a file of its own, refused.
    #[error("the file of the tables failed: {0}")]
    Tables(String),
    /// The thread that writes has ended.
    #[error("the engine's file is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

/// A handle to the records; clones are the same.
#[derive(Clone, Debug)]
pub struct Store(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// `None` keeps nothing.
    disk: Option<Disk>,
}

#[derive(Debug)]
struct Disk {
    path: PathBuf,
    /// Read at start; changes go to the writer.
    reader: RefCell<Connection>,
    writer: Sender<Changes>,
    pending: RefCell<Changes>,
    /// Batches given to the writer.
    sent: Cell<u64>,
    progress: Arc<Progress>,
}

/// What the writer says of its work.
#[derive(Debug, Default)]
struct Progress {
    /// Batches that are on disk.
    committed: AtomicU64,
    failed: OnceLock<StoreError>,
    moved: Notify,
}

/// The last state of each changed record: `None` if it is gone.
type Changes = BTreeMap<(&'static str, String), Option<Vec<u8>>>;

impl Store {
    /// Keeps nothing: what is put is gone with the engine.
    pub fn memory() -> Self {
        Self(Rc::default())
    }

    /// The records in the file at `path`, which is made if it is not there.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let reader = connect(path)?;
        let connection = connect(path)?;
        let (writer, batches) = std::sync::mpsc::channel();
        let progress = Arc::new(Progress::default());
        let seen = Arc::clone(&progress);
        std::thread::spawn(move || write(connection, &batches, &seen));
        let (reader, pending) = (RefCell::new(reader), RefCell::default());
        Ok(Self(Rc::new(Inner {
            disk: Some(Disk { path: path.to_owned(), reader, writer, pending, sent: Cell::new(0), progress }),
        })))
    }

    /// The file for what a service keeps with means of its own: `engine.NAME.sqlite` beside
    /// `engine.sqlite`; `None` if nothing is kept.
    pub fn beside(&self, name: &str) -> Option<PathBuf> {
        self.0.disk.as_ref().map(|disk| disk.path.with_extension(format!("{name}.sqlite")))
    }

    /// The records of one kind, as `sqs.messages`.
    pub fn table(&self, name: &'static str) -> Table {
        Table { store: self.clone(), name }
    }

    /// Waits until all that was changed before this call is on disk.
    ///
    /// # Errors
    ///
    /// Once a commit has failed every call fails: what is in memory is no longer what is kept.
    pub async fn durable(&self) -> Result<(), StoreError> {
        let Some(disk) = &self.0.disk else { return Ok(()) };
        // What is pending now goes with the next batch; what was sent is awaited.
        let target = disk.sent.get() + u64::from(!disk.pending.borrow().is_empty());
        loop {
            let moved = disk.progress.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if let Some(error) = disk.progress.failed.get() {
                return Err(error.clone());
            }
            let committed = disk.progress.committed.load(Ordering::Acquire);
            if committed >= target {
                return Ok(());
            }
            if committed == disk.sent.get() {
                // Nothing is on its way: what has gathered meanwhile is the next batch.
                disk.sent.set(committed + 1);
                disk.writer.send(disk.pending.take()).map_err(|_| StoreError::Closed)?;
            }
            moved.await;
        }
    }
}

/// The records of one kind.
#[derive(Clone, Debug)]
pub struct Table {
    store: Store,
    name: &'static str,
}

impl Table {
    /// Puts a record, instead of the one that has this key.
    #[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "a record is a struct with text keys")]
    pub fn put(&self, key: &str, record: &impl Serialize) {
        if let Some(disk) = &self.store.0.disk {
            let bytes = serde_json::to_vec(record).expect("a record is plain data");
            disk.pending.borrow_mut().insert((self.name, key.to_owned()), Some(bytes));
        }
    }

    /// Takes a record out; that there is none is no error.
    pub fn delete(&self, key: &str) {
        if let Some(disk) = &self.store.0.disk {
            disk.pending.borrow_mut().insert((self.name, key.to_owned()), None);
        }
    }

    /// All records with their keys, in the order of the keys, as they were when the engine started.
    pub fn load<T: DeserializeOwned>(&self) -> Result<Vec<(String, T)>, StoreError> {
        let Some(disk) = &self.store.0.disk else { return Ok(Vec::new()) };
        let connection = disk.reader.borrow();
        let mut select = connection.prepare("SELECT key, value FROM records WHERE kind = ?1 ORDER BY key")?;
        let rows = select.query_map([self.name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let mut records = Vec::new();
        for row in rows {
            let (key, bytes) = row?;
            match serde_json::from_slice(&bytes) {
                Ok(record) => records.push((key, record)),
                Err(error) => return Err(StoreError::Record(self.name, key, Arc::new(error))),
            }
        }
        Ok(records)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // A write-ahead log that is not synced survives the death of the process, which is what is promised;
    // it does not survive that of the machine.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let version: Option<i64> = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).optional()?;
    match version.unwrap_or(0) {
        0 => {
            connection.execute_batch(
                "CREATE TABLE IF NOT EXISTS records (kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
                 PRIMARY KEY (kind, key)) WITHOUT ROWID",
            )?;
            connection.pragma_update(None, "user_version", VERSION)?;
        }
        VERSION => {}
        other => return Err(StoreError::Version(other)),
    }
    Ok(connection)
}

fn write(mut connection: Connection, batches: &Receiver<Changes>, progress: &Progress) {
    for batch in batches {
        match commit(&mut connection, &batch) {
            Ok(()) => {
                progress.committed.fetch_add(1, Ordering::Release);
            }
            Err(error) => {
                // The first failure is the one to tell; nothing is written after it.
                let _ = progress.failed.set(error.into());
            }
        }
        progress.moved.notify_waiters();
        if progress.failed.get().is_some() {
            return;
        }
    }
}

fn commit(connection: &mut Connection, changes: &Changes) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    {
        let mut put = transaction.prepare_cached(
            "INSERT INTO records (kind, key, value) VALUES (?1, ?2, ?3) \
             ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
        )?;
        let mut delete = transaction.prepare_cached("DELETE FROM records WHERE kind = ?1 AND key = ?2")?;
        for ((kind, key), value) in changes {
            match value {
                Some(value) => put.execute(params![kind, key, value])?,
                None => delete.execute(params![kind, key])?,
            };
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn file(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("eventloom-store-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder.join("engine.sqlite")
    }

    #[tokio::test]
    async fn what_is_durable_is_there_after_another_start() {
        let path = file("durable");
        let store = Store::open(&path).unwrap();
        let table = store.table("sqs.messages");
        for number in 0..100 {
            table.put(&format!("{number:03}"), &number);
        }
        table.delete("007");
        store.durable().await.unwrap();

        let records: Vec<(String, u32)> = Store::open(&path).unwrap().table("sqs.messages").load().unwrap();
        assert_eq!(records.len(), 99);
        assert!(records.iter().all(|(key, number)| *number != 7 && *key == format!("{number:03}")));
    }

    #[tokio::test]
    async fn who_writes_while_a_commit_runs_waits_for_the_next() {
        let store = Store::open(&file("group")).unwrap();
        let table = store.table("t");
        let write = |key: &'static str| {
            let (store, table) = (store.clone(), table.clone());
            async move {
                table.put(key, &1);
                store.durable().await.unwrap();
                let seen: Vec<(String, u32)> = table.load().unwrap();
                assert!(seen.iter().any(|(found, _)| found == key));
            }
        };
        tokio::join!(write("a"), write("b"), write("c"));
    }

    #[tokio::test]
    async fn a_waiter_that_is_dropped_loses_nothing() {
        let path = file("dropped");
        let store = Store::open(&path).unwrap();
        let table = store.table("t");
        table.put("a", &1);
        {
            let waiter = store.durable();
            tokio::pin!(waiter);
            assert!((&mut waiter).now_or_never().is_none());
        }
        table.put("b", &2);
        store.durable().await.unwrap();
        let records: Vec<(String, u32)> = Store::open(&path).unwrap().table("t").load().unwrap();
        assert_eq!(records, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
    }

    #[test]
    fn a_service_may_have_a_file_beside() {
        let path = file("beside");
        assert_eq!(Store::open(&path).unwrap().beside("tables"), Some(path.with_file_name("engine.tables.sqlite")));
        assert_eq!(Store::memory().beside("tables"), None);
    }

    #[test]
    fn a_file_of_another_layout_is_refused() {
        let path = file("layout");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::Version(99))));
    }
}
