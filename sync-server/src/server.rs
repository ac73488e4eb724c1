//! Starting and stopping: folder, lock, tables, listener, router.
//!
//! Invariants: one server a folder (a lock that dies with the process); `start` returns only when connections are
//! accepted; a stop ends open event streams, lets running requests finish for a moment, and returns within a second.

use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fieldseal_core::domain::texts::Lang;
use fieldseal_core::env::Env;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::auth::Auth;
use crate::auth::store::{AuthStore, AuthStoreError, SqliteAuthStore};
use crate::blobs::{BlobStore, FolderStore, Uploads};
use crate::config::{Config, ConfigError};
use crate::enrol::Enrolment;
use crate::http::serve::{HEAD_MAX, serve};
use crate::keys::{KeysError, ServerKeys};
use crate::live::Live;
use crate::office::{Office, OfficeError};
use crate::pipeline::SyncService;
use crate::state::AppState;
use crate::storage::sqlite::SqliteStorage;
use crate::storage::{Storage, StorageError};

/// How long a stop waits for requests that are being answered.
const GRACE: Duration = Duration::from_millis(800);

/// The server was not started; nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// See [`ConfigError`].
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The folder cannot be made or opened.
    #[error("cannot use the data folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another server has the folder.
    #[error("another server is running on the data folder {path}")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The runtime cannot be started.
    #[error("cannot start the runtime: {0}")]
    Runtime(#[source] io::Error),
    /// The keys cannot be read or made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database cannot be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The accounts cannot be opened.
    #[error(transparent)]
    Accounts(#[from] AuthStoreError),
}

/// The database's file in the data folder.
pub const DATABASE: &str = "fieldseal.sqlite";
/// The folder of large blobs in the data folder.
pub const BLOBS: &str = "blobs";

/// How often abandoned uploads are looked for.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// The data folder of one server process, locked as long as this lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if needed (readable by its owner alone) and locks it.
    ///
    /// # Errors
    /// [`StartError::Folder`], [`StartError::InUse`].
    pub fn open(path: &Path) -> Result<Self, StartError> {
        let failed = |source| StartError::Folder {
            path: path.to_owned(),
            source,
        };
        make_private_folder(path).map_err(failed)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StartError::InUse {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(unix)]
fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn make_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// The services of a data folder, without any listener: what `serve` answers with and what the command line uses.
#[derive(Clone)]
pub struct Services {
    /// Clock and randomness.
    pub env: Env,
    /// Accounts, links, sessions.
    pub auth: Arc<Auth>,
    /// Codes, certificates, tokens of devices.
    pub enrolment: Arc<Enrolment>,
    /// What phones send, and the path of every write.
    pub service: Arc<SyncService>,
    /// What the people at the page do.
    pub office: Arc<Office>,
    /// Photos and other large blobs.
    pub uploads: Arc<Uploads>,
}

impl Services {
    /// Opens keys, database and accounts of a folder that exists.
    ///
    /// # Errors
    /// [`StartError::Keys`], [`StartError::Storage`], [`StartError::Accounts`].
    pub fn open(config: &Config, env: Env) -> Result<Self, StartError> {
        let keys = ServerKeys::open(&config.data, &env)?;
        let database = config.data.join(DATABASE);
        let storage: Arc<dyn Storage> = Arc::new(SqliteStorage::open(&database, env.random())?);
        let accounts: Arc<dyn AuthStore> = Arc::new(SqliteAuthStore::open(&database)?);
        let path = config.data.join(BLOBS);
        let blobs = FolderStore::open(&path).map_err(|source| StartError::Folder { path, source })?;
        Ok(Self::over(storage, accounts, Arc::new(blobs), keys, config, env))
    }

    /// Over given storage, accounts, blobs and keys.
    pub fn over(
        storage: Arc<dyn Storage>,
        accounts: Arc<dyn AuthStore>,
        blobs: Arc<dyn BlobStore>,
        keys: ServerKeys,
        config: &Config,
        env: Env,
    ) -> Self {
        let now = config.zone.local_time(env.clock.read().wall_ms);
        let service = Arc::new(SyncService::new(storage, keys, env.clone(), now.offset_minutes()));
        let auth = Arc::new(Auth::new(accounts.clone(), env.clone()));
        let enrolment = Arc::new(Enrolment::new(
            service.clone(),
            accounts,
            env.clone(),
            config.zone,
            config.organisation.clone(),
        ));
        let office = Arc::new(Office::new(
            service.clone(),
            auth.clone(),
            enrolment.clone(),
            env.clone(),
            config.zone,
            config.organisation.clone(),
        ));
        let uploads = Arc::new(Uploads::new(service.clone(), blobs, env.clone(), config.uploads));
        Self {
            env,
            auth,
            enrolment,
            service,
            office,
            uploads,
        }
    }

    /// What the handlers need: these services, and the newest row told after every commit.
    ///
    /// # Errors
    /// [`StartError::Storage`].
    pub fn state(
        self,
        stopping: watch::Receiver<bool>,
        secure_cookies: bool,
    ) -> Result<AppState, StartError> {
        let (newest, _) = self.service.storage().read()?.head()?;
        let live = Live::new(newest);
        let told = live.clone();
        self.service.on_commit(Box::new(move |row| told.publish(row)));
        Ok(AppState {
            env: self.env,
            auth: self.auth,
            enrolment: self.enrolment,
            service: self.service,
            office: self.office,
            uploads: self.uploads,
            live,
            stopping,
            secure_cookies,
        })
    }
}

/// A server that accepts connections. Dropping it stops it at once; [`Running::stop`] does it gracefully.
pub struct Running {
    /// Where it listens (the port that was taken, where 0 was asked for).
    pub addr: SocketAddr,
    /// Commands and queries of the office.
    pub office: Arc<Office>,
    /// All services, for programs that embed the server (demo, tests).
    pub state: AppState,
    public_url: Option<String>,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
    runtime: Option<tokio::runtime::Runtime>,
    _folder: Folder,
}

/// Opens the folder, starts serving and returns.
///
/// # Errors
/// See [`StartError`].
pub fn start(config: &Config, env: Env) -> Result<Running, StartError> {
    config.check()?;
    let folder = Folder::open(&config.data)?;
    let services = Services::open(config, env)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("fieldseal-http")
        .build()
        .map_err(StartError::Runtime)?;
    let (stop, stopping) = watch::channel(false);
    let state = services.state(stopping, config.behind_proxy)?;
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(config.listen))
        .and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (addr, listener) = listener.map_err(|source| StartError::Listen {
        listen: config.listen,
        source,
    })?;
    let router = crate::http::router(state.clone());
    let serving = runtime.spawn(serve(listener, router, state.stopping.clone(), HEAD_MAX));
    runtime.spawn(sweep(state.uploads.clone(), state.stopping.clone()));
    tracing::info!(%addr, "listening");
    Ok(Running {
        addr,
        office: state.office.clone(),
        state,
        public_url: config.public_url.clone(),
        stop,
        serving: Some(serving),
        runtime: Some(runtime),
        _folder: folder,
    })
}

/// Throws abandoned uploads away, at the start and then now and again.
async fn sweep(uploads: Arc<Uploads>, mut stopping: watch::Receiver<bool>) {
    loop {
        let sweeping = uploads.clone();
        match tokio::task::spawn_blocking(move || sweeping.sweep()).await {
            Ok(Err(error)) => tracing::error!(%error, "abandoned uploads not looked at"),
            Ok(Ok(_)) => {}
            Err(_) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

impl Running {
    /// The address for browsers and phones on this machine.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A one-time link at which a first administrator sets a password; none where there is one already.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn set_up_link(&self) -> Result<Option<String>, OfficeError> {
        let secret = self.office.set_up(Lang::ZhCn)?;
        let base = self.public_url.clone().unwrap_or_else(|| self.url());
        Ok(secret.map(|secret| format!("{base}/link/{}", secret.expose())))
    }

    /// Blocks until Ctrl-C or SIGTERM. After that a second one ends the process at once.
    ///
    /// # Errors
    /// If signals cannot be listened to.
    pub fn wait_for_signal(&self) -> io::Result<()> {
        let Some(runtime) = &self.runtime else {
            return Ok(());
        };
        let mut signals = runtime.block_on(async { Signals::listen() })?;
        runtime.block_on(signals.next());
        runtime.spawn(async move {
            signals.next().await;
            std::process::exit(130);
        });
        Ok(())
    }

    /// Stops: no new connections, event streams end, running requests get [`GRACE`], then everything is cut.
    pub fn stop(mut self) {
        self.stop.send_replace(true);
        let (Some(runtime), Some(serving)) = (self.runtime.take(), self.serving.take()) else {
            return;
        };
        let ended = runtime.block_on(async { tokio::time::timeout(GRACE, serving).await });
        match ended {
            Ok(Ok(())) => tracing::info!("stopped"),
            Ok(Err(_)) | Err(_) => tracing::warn!("stopped while requests were running"),
        }
        runtime.shutdown_timeout(Duration::from_millis(100));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(runtime) = self.runtime.take() {
            // Allowed inside another runtime, where blocking is not.
            runtime.shutdown_background();
        }
    }
}

/// The signals that end a server.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests;
