//! The server: holds the documents, and edits them when it is told to.

use std::path::Path;

use automerge::transaction::Transactable;
use automerge::{AutomergeError, ROOT};
use samod::Transport;
use samod::Url;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::workload::{Workload, contents};
use crate::{Failed, repo};

/// Serves until its input ends.
pub async fn serve(workload: &Path, folder: &Path, config: &str) -> Result<(), Failed> {
    let workload = Workload::read(workload)?;
    let repo = repo(folder, config, false).await?;
    let mut documents = Vec::new();
    for index in 0..workload.documents {
        documents.push(repo.create(workload.document(index)?).await?);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let acceptor = repo.make_acceptor(Url::parse(&format!("tcp://{address}"))?)?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let _ = acceptor.accept(Transport::from_tokio_io(stream));
        }
    });
    let ids: Vec<String> = documents
        .iter()
        .map(|handle| handle.document_id().to_string())
        .collect();
    say(&json!({ "address": address.to_string(), "documents": ids })).await?;
    let mut edits = 0;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = match line.split_once(' ') {
            Some(("edit", count)) => {
                for _ in 0..count.parse::<usize>()? {
                    let (index, from, to) = workload.window(edits);
                    edits += 1;
                    documents[index]
                        .with_document(|document| {
                            document.transact::<_, _, AutomergeError>(|tx| {
                                tx.put(ROOT, "window_from", from)?;
                                tx.put(ROOT, "window_to", to)
                            })
                        })
                        .map_err(|failed| failed.error)?;
                }
                json!({ "edits": edits })
            }
            _ => {
                let (hash, changes) = contents(&documents)?;
                json!({ "contents": hash, "changes": changes })
            }
        };
        say(&answer).await?;
    }
    repo.stop().await;
    Ok(())
}

async fn say(answer: &serde_json::Value) -> Result<(), Failed> {
    let mut out = tokio::io::stdout();
    out.write_all(format!("{answer}\n").as_bytes()).await?;
    Ok(out.flush().await?)
}
