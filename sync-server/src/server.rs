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

use fieldseal_core::env::Env;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::auth::Auth;
use crate::auth::store::{AuthStoreError, SqliteAuthStore};
use crate::config::{Config, ConfigError};
use crate::live::Live;
use crate::state::AppState;

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
    /// The accounts cannot be opened.
    #[error(transparent)]
    Accounts(#[from] AuthStoreError),
}

/// The database's file in the data folder.
pub const DATABASE: &str = "fieldseal.sqlite";

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

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
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

/// A server that accepts connections. Dropping it stops it at once; [`Running::stop`] does it gracefully.
pub struct Running {
    /// Where it listens (the port that was taken, where 0 was asked for).
    pub addr: SocketAddr,
    /// The services, for programs that embed the server (demo, tests).
    pub state: AppState,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<io::Result<()>>>,
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
    let auth = Arc::new(Auth::new(
        Arc::new(SqliteAuthStore::open(&folder.database())?),
        env.clone(),
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("fieldseal-http")
        .build()
        .map_err(StartError::Runtime)?;
    let (stop, stopping) = watch::channel(false);
    let state = AppState {
        env,
        auth,
        live: Live::new(0),
        stopping,
        secure_cookies: config.behind_proxy,
    };
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(config.listen))
        .and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (addr, listener) = listener.map_err(|source| StartError::Listen {
        listen: config.listen,
        source,
    })?;
    let router = crate::http::router(state.clone());
    let mut told = state.stopping.clone();
    let serving = runtime.spawn(async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(async move {
                // An error means that the sender is gone, which is a stop too.
                let _stopped = told.wait_for(|stop| *stop).await.is_ok();
            })
            .await
    });
    tracing::info!(%addr, "listening");
    Ok(Running {
        addr,
        state,
        stop,
        serving: Some(serving),
        runtime: Some(runtime),
        _folder: folder,
    })
}

impl Running {
    /// The address for browsers and phones on this machine.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
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
            Ok(Ok(Ok(()))) => tracing::info!("stopped"),
            Ok(Ok(Err(error))) => tracing::error!(%error, "stopped serving"),
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
