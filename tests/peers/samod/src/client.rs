//! The phone: edits, connects, and says when both sides have everything.

use std::convert::Infallible;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use automerge::{ROOT, ReadDoc};
use futures::future::{BoxFuture, try_join_all};
use futures::{FutureExt, StreamExt};
use samod::{BackoffConfig, DialError, Dialer, DialerHandle, DocHandle, Repo, Transport, Url};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::workload::{Workload, contents};
use crate::{Failed, repo};

/// Longer than any run may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that is told things by lines and answers each with one.
struct Told {
    _child: Child,
    tell: ChildStdin,
    hear: Lines<BufReader<ChildStdout>>,
}

impl Told {
    fn start(program: &str, words: &[&str]) -> Result<Self, Failed> {
        let mut child = Command::new(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let tell = child.stdin.take().ok_or("no input")?;
        let hear = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        Ok(Self {
            _child: child,
            tell,
            hear,
        })
    }

    async fn tell(&mut self, line: &str) -> Result<(), Failed> {
        self.tell.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(self.tell.flush().await?)
    }

    async fn hear(&mut self) -> Result<String, Failed> {
        Ok(self.hear.next_line().await?.ok_or("it ended")?)
    }

    async fn ask(&mut self, line: &str) -> Result<Value, Failed> {
        self.tell(line).await?;
        let answer: Value = serde_json::from_str(&self.hear().await?)?;
        match answer.get("error") {
            Some(error) => Err(error.to_string().into()),
            None => Ok(answer),
        }
    }
}

/// samod's own transport, without the delay of small segments.
struct Prompt(Url);

impl Dialer for Prompt {
    type Error = Infallible;

    fn url(&self) -> Url {
        self.0.clone()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Transport, DialError<Infallible>>> {
        let address = self.0.socket_addrs(|| None);
        async move {
            let address = address.map_err(DialError::transient)?;
            let stream = tokio::net::TcpStream::connect(address.as_slice())
                .await
                .map_err(DialError::transient)?;
            stream.set_nodelay(true).map_err(DialError::transient)?;
            Ok(Transport::from_tokio_io(stream))
        }
        .boxed()
    }
}

struct Side {
    workload: Workload,
    config: String,
    server: Told,
    line: Told,
    url: Url,
    repo: Repo,
    dialer: DialerHandle<Infallible>,
    documents: Vec<DocHandle>,
    saves: usize,
    windows: usize,
}

/// Measures and prints.
pub async fn measure(path: &str, line: &str, folder: &Path, config: &str) -> Result<(), Failed> {
    let workload = Workload::read(Path::new(path))?;
    let own = std::env::current_exe()?;
    let there = folder.join("server");
    let words = [path, "serve", there.to_str().ok_or("a folder")?, config];
    let mut server = Told::start(own.to_str().ok_or("a program")?, &words)?;
    let ready: Value = serde_json::from_str(&server.hear().await?)?;
    let [one_way, handshake] = workload.line();
    let upstream = ready["address"].as_str().ok_or("an address")?;
    let mut line = Told::start(line, &[upstream, &one_way, &handshake])?;
    let url = Url::parse(&format!("tcp://{}", line.hear().await?))?;
    let repo = repo(&folder.join("phone"), config, true).await?;
    let dialer = repo.dial(BackoffConfig::default(), Arc::new(Prompt(url.clone())))?;
    dialer.established().await?;
    let ids = ready["documents"].as_array().ok_or("documents")?;
    let found = ids.iter().map(|id| {
        let id = id.as_str().unwrap_or_default().parse();
        let repo = repo.clone();
        async move {
            let id = id.map_err(|_| "no document's name")?;
            repo.find(id)
                .await?
                .ok_or_else(|| Failed::from("a document is not there"))
        }
    });
    let documents = try_join_all(found).await?;
    let mut side = Side {
        workload,
        config: config.to_owned(),
        server,
        line,
        url,
        repo,
        dialer,
        documents,
        saves: 0,
        windows: 0,
    };
    side.quiet().await?;
    let runs = side.workload.runs()?;
    for run in 0..runs {
        side.exchange("warm", run).await?;
    }
    side.rest().await?;
    for run in 0..runs {
        side.exchange("cold", run).await?;
    }
    for run in 0..runs {
        side.nothing(run).await?;
    }
    side.repo.stop().await;
    Ok(())
}

impl Side {
    async fn exchange(&mut self, row: &str, run: u64) -> Result<(), Failed> {
        let changes = self.changes().await?;
        let cold = row == "cold";
        if cold {
            self.leave().await?;
        }
        let before = self.line.ask("traffic").await?;
        let down = self.workload.down;
        self.server.tell(&format!("edit {down}")).await?;
        let begun = Instant::now();
        for index in 0..self.workload.edited {
            let edits = self.workload.edits_each;
            // Each call is sent at once: changes that are made in one call travel together.
            let calls = if self.config == "best" { 1 } else { edits };
            for call in 0..calls {
                let (first, past) = (call * edits / calls, (call + 1) * edits / calls);
                self.documents[index].with_document(|document| {
                    (first..past).try_for_each(|edit| {
                        self.workload
                            .edit(document, self.saves + edit + 1, edit + 1 == edits)
                    })
                })?;
            }
            self.saves += edits;
        }
        let edits_ms = ms(begun);
        if cold {
            self.server.hear().await?;
            self.line.ask("up").await?;
        }
        let begun = Instant::now();
        if cold {
            self.connect().await?;
        }
        tokio::time::timeout(PATIENCE, self.everything()).await??;
        let ms = ms(begun);
        if !cold {
            self.server.hear().await?;
        }
        self.windows += down;
        let after = self.quiet().await?;
        let made = self.workload.edited * self.workload.edits_each + down;
        self.compare(changes + made).await?;
        self.say(row, run, [ms, edits_ms], &before, &after);
        Ok(())
    }

    /// An open connection, and nothing to say on it.
    async fn rest(&mut self) -> Result<(), Failed> {
        let before = self.line.ask("traffic").await?;
        let rest = self.workload.rest()?;
        tokio::time::sleep(rest).await;
        let after = self.line.ask("traffic").await?;
        self.say("rest", 0, [rest.as_secs_f64() * 1_000.0, 0.0], &before, &after);
        Ok(())
    }

    async fn nothing(&mut self, run: u64) -> Result<(), Failed> {
        let changes = self.changes().await?;
        self.leave().await?;
        let before = self.line.ask("traffic").await?;
        self.line.ask("up").await?;
        let begun = Instant::now();
        self.connect().await?;
        let connection = self.dialer.connection_id().ok_or("not connected")?;
        let all = self.documents.iter().map(|handle| async move {
            handle.they_have_our_changes(connection).await;
            handle.we_have_their_changes(connection).await;
        });
        tokio::time::timeout(PATIENCE, futures::future::join_all(all)).await?;
        let ms = ms(begun);
        let after = self.quiet().await?;
        self.compare(changes).await?;
        self.say("idle", run, [ms, 0.0], &before, &after);
        Ok(())
    }

    /// No connection, and none to be had.
    async fn leave(&mut self) -> Result<(), Failed> {
        self.dialer.close();
        self.line.ask("down").await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(())
    }

    async fn connect(&mut self) -> Result<(), Failed> {
        self.dialer = self
            .repo
            .dial(BackoffConfig::default(), Arc::new(Prompt(self.url.clone())))?;
        self.dialer.established().await?;
        Ok(())
    }

    /// The server has said that it has all that was edited here, and what was edited there is here.
    async fn everything(&self) -> Result<(), Failed> {
        let connection = self.dialer.connection_id().ok_or("not connected")?;
        let up = self.documents[..self.workload.edited]
            .iter()
            .map(|handle| handle.they_have_our_changes(connection));
        let down = (0..self.workload.down).map(|edit| {
            let (index, from, _) = self.workload.window(self.windows + edit);
            let handle = &self.documents[index];
            async move {
                let mut changes = handle.changes();
                let here = |handle: &DocHandle| {
                    handle.with_document(|document| {
                        matches!(document.get(ROOT, "window_from"), Ok(Some((value, _))) if value.as_str() == Some(&from))
                    })
                };
                while !here(handle) {
                    changes.next().await.ok_or("the document was closed")?;
                }
                Ok::<(), Failed>(())
            }
        });
        let (_, down) = futures::join!(futures::future::join_all(up), try_join_all(down));
        down?;
        Ok(())
    }

    /// The traffic, once nothing crosses any more.
    async fn quiet(&mut self) -> Result<Value, Failed> {
        let mut last = self.line.ask("traffic").await?;
        let mut same = 0;
        while same < 2 {
            tokio::time::sleep(Duration::from_millis(400)).await;
            let now = self.line.ask("traffic").await?;
            same = if now == last { same + 1 } else { 0 };
            last = now;
        }
        Ok(last)
    }

    async fn changes(&mut self) -> Result<usize, Failed> {
        let there = self.server.ask("contents").await?;
        Ok(there["changes"].as_u64().ok_or("changes")? as usize)
    }

    /// Both sides hold the same, document by document, and exactly so many changes.
    async fn compare(&mut self, changes: usize) -> Result<(), Failed> {
        if std::env::var_os("FIELDSEAL_PEERS_BROKEN").is_some() {
            self.leave().await?;
            self.server.ask("edit 1").await?;
        }
        let there = self.server.ask("contents").await?;
        let (here, count) = contents(&self.documents)?;
        if there["contents"] != here.as_str() {
            return Err("the contents of the documents differ between the two sides".into());
        }
        if count != changes || there["changes"] != count {
            return Err(format!(
                "{count} changes here, {} there, and not {changes}",
                there["changes"]
            )
            .into());
        }
        Ok(())
    }

    fn say(&self, row: &str, run: u64, [ms, edits_ms]: [f64; 2], before: &Value, after: &Value) {
        let moved = |key: &str| after[key].as_u64().unwrap_or(0) - before[key].as_u64().unwrap_or(0);
        println!(
            "{}",
            json!({
                "side": "samod", "config": self.config, "row": row, "run": run, "ms": ms, "edits_ms": edits_ms,
                "up": moved("up"), "down": moved("down"), "connections": moved("connections"),
            })
        );
    }
}

fn ms(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1_000.0
}
