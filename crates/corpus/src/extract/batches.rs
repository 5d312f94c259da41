//! Documents on their way from the one thread that finds them to the workers that read them.
//!
//! They travel in batches: handing over single small files would cost more than reading them.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::intake::{Content, Document};

/// As many batches wait for a worker; each is bounded, so the memory is.
const WAITING_BATCHES: usize = 4;
/// A batch is full with this many documents.
const MOST_DOCUMENTS: usize = 64;
/// A batch is full with this many unpacked bytes.
const MOST_BYTES: usize = 1 << 20;
/// Each worker should get about this many batches, so that all end at the same time.
const BATCHES_PER_WORKER: usize = 16;

/// Documents with their place in the input.
pub(super) type Batch = Vec<(usize, Document)>;

/// The end at which documents are put in.
pub(super) struct Batches {
    sender: SyncSender<Batch>,
    batch: Batch,
    bytes: usize,
    order: usize,
    full: usize,
}

/// Both ends of the way, for about `files` documents and `workers` threads.
pub(super) fn batches(files: usize, workers: usize) -> (Batches, Receiver<Batch>) {
    let (sender, receiver) = sync_channel(WAITING_BATCHES);
    let full = (files / (workers.max(1) * BATCHES_PER_WORKER)).clamp(1, MOST_DOCUMENTS);
    (Batches { sender, batch: Vec::new(), bytes: 0, order: 0, full }, receiver)
}

impl Batches {
    /// Takes the next document; breaks off when nobody is there to read it.
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

    /// Sends what has gathered.
    pub(super) fn send(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        match self.sender.send(std::mem::take(&mut self.batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()), // the receiver is only gone when the workers are
        }
    }
}
