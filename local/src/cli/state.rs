//! The folder `.eventloom/` of a flow: what the engine keeps between its runs.
//!
//! | file | holds |
//! | --- | --- |
//! | `engine.sqlite`, `engine.tables.sqlite` | all that services keep |
//! | `issuer` | the key of the flow's tokens; its owner's alone |
//! | `session.json` | where the engine that runs is, and its token; its owner's alone |
//! | `lock` | held by the engine that runs |
//! | `code/DIGEST/bootstrap` | the handlers' binary |

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use local::issuer::Issuer;
use local::kernel::Random;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::stop::Stop;

/// The folder, which one engine has at a time.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    _lock: File,
}

/// Where a running engine is.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Session {
    /// `127.0.0.1:4566`.
    pub(crate) authority: String,
    /// What its controls ask for.
    pub(crate) token: String,
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Stop {
    move |why| Stop::File { doing, path: path.to_owned(), why }
}

impl State {
    /// Opens the folder of the flow in `root`, or makes it.
    pub(crate) fn open(root: &Path, fresh: bool) -> Result<Self, Stop> {
        let folder = root.join(".eventloom");
        std::fs::create_dir_all(&folder).map_err(failed("make", &folder))?;
        let folder = folder.canonicalize().map_err(failed("find", &folder))?;
        let path = folder.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(failed("write", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Stop::Running),
            Err(TryLockError::Error(why)) => return Err(failed("lock", &path)(why)),
        }
        let state = Self { folder, _lock: lock };
        if fresh {
            state.clear()?;
        }
        // The folder is nobody's business but this machine's.
        let ignore = state.folder.join(".gitignore");
        std::fs::write(&ignore, "*\n").map_err(failed("write", &ignore))?;
        Ok(state)
    }

    /// Removes all but the lock.
    fn clear(&self) -> Result<(), Stop> {
        let entries = std::fs::read_dir(&self.folder).map_err(failed("read", &self.folder))?;
        for entry in entries.flatten().filter(|entry| entry.file_name() != "lock") {
            let path = entry.path();
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(failed("remove", &path))?;
        }
        Ok(())
    }

    /// The file of the services.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("engine.sqlite")
    }

    /// The issuer of earlier runs, or a new one.
    pub(crate) fn issuer(&self, random: &Random) -> Result<Issuer, Stop> {
        let path = self.folder.join("issuer");
        match std::fs::read_to_string(&path) {
            Ok(secret) => Issuer::from_hex(secret.trim())
                .map_err(|error| Stop::Refused(format!("{}: {error}; start anew with --fresh", path.display()))),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                let issuer = Issuer::new(random);
                private(&path, issuer.secret().as_bytes())?;
                Ok(issuer)
            }
            Err(why) => Err(failed("read", &path)(why)),
        }
    }

    /// Says where the engine is.
    pub(crate) fn announce(&self, session: &Session) -> Result<(), Stop> {
        let text = serde_json::to_vec_pretty(session).unwrap_or_default();
        private(&self.folder.join("session.json"), &text)
    }

    /// Keeps a binary under a name that changes with it, and forgets the ones before the last. Out: its path.
    pub(crate) fn keep(&self, binary: &Path) -> Result<PathBuf, Stop> {
        let bytes = std::fs::read(binary).map_err(failed("read", binary))?;
        let digest: String = Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let codes = self.folder.join("code");
        let code = codes.join(digest);
        let kept = code.join("bootstrap");
        if !kept.exists() {
            std::fs::create_dir_all(&code).map_err(failed("make", &code))?;
            let beside = code.join("bootstrap.new");
            std::fs::copy(binary, &beside).map_err(failed("write", &beside))?;
            std::fs::rename(&beside, &kept).map_err(failed("write", &kept))?;
        }
        Ok(kept)
    }

    /// Removes all binaries but this one.
    pub(crate) fn forget_all_but(&self, kept: &Path) {
        let Ok(entries) = std::fs::read_dir(self.folder.join("code")) else { return };
        for entry in entries.flatten().filter(|entry| !kept.starts_with(entry.path())) {
            // One that cannot be removed is in nobody's way.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.folder.join("session.json"));
    }
}

impl Session {
    /// The engine that runs the flow in `root`.
    pub(crate) fn of(root: &Path) -> Result<Self, Stop> {
        let text = std::fs::read(root.join(".eventloom/session.json"));
        let session = text.ok().and_then(|text| serde_json::from_slice(&text).ok());
        session.ok_or_else(|| Stop::NotRunning(root.to_owned()))
    }
}

/// Writes a file that only its owner reads.
fn private(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let _ = std::fs::remove_file(path);
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(failed("write", path))
}
