//! Batches of documents, from the thread that finds them to the workers that read them.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::intake::{Content, Document};

/// Batches that wait for a worker. Each is bounded, so memory is too.
const WAITING_BATCHES: usize = 4;
/// Documents of a full batch: handing over single small files would cost more than reading them.
const MOST_DOCUMENTS: usize = 64;
/// Unpacked bytes of a full batch.
const MOST_BYTES: usize = 1 << 20;
/// Batches per worker, about; enough that all workers end at the same time.
const BATCHES_PER_WORKER: usize = 16;

/// Documents with their index in the input.
pub(super) type Batch = Vec<(usize, Document)>;

/// The sending end.
pub(super) struct Batches {
    sender: SyncSender<Batch>,
    batch: Batch,
    bytes: usize,
    order: usize,
    full: usize,
}

/// A channel from the thread that finds documents to the workers that read them, for about `files` documents
/// and `workers` threads.
pub(super) fn batches(files: usize, workers: usize) -> (Batches, Receiver<Batch>) {
    let (sender, receiver) = sync_channel(WAITING_BATCHES);
    let full = (files / (workers.max(1) * BATCHES_PER_WORKER)).clamp(1, MOST_DOCUMENTS);
    (Batches { sender, batch: Vec::new(), bytes: 0, order: 0, full }, receiver)
}

impl Batches {
    /// Adds the next document; breaks when all workers are gone.
    pub(super) fn put(&mut self, document: Document) -> ControlFlow<()> {
        if let Content::Bytes(bytes) = &document.content {
            self.bytes += bytes.len();
        }
        self.batch.push((self.order, document));
        self.order += 1;
        if self.batch.len() >= self.full || self.bytes >= MOST_BYTES {
            self.send()
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Sends the current batch.
    pub(super) fn send(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        match self.sender.send(std::mem::take(&mut self.batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()), // the receiver is only gone when the workers are
        }
    }
}
