//! State shared with the window: meters from the audio thread, banks and the model from the decode thread,
//! and the window's requests to the decode thread.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use beat::{Bank, Grid, Pattern, Playhead, Settings};
use nets::Model;
use nice_plug_egui::RepaintNotifier;

use crate::capture::RecentNotes;
use crate::editor::map::picture::MapPicture;
use crate::export::SongMeter;
use crate::own_transport::OwnTransport;

/// Written by the audio thread with plain stores, read by the window. Every ordering is relaxed: no number
/// orders another.
#[derive(Debug, Default)]
pub struct Meters {
    /// 0 at rest, else 1 and the step in 8 bits, then the step in its bar in 24, then the cycle in 32.
    playhead: AtomicU64,
    notes: AtomicU64,
    /// Blocks processed; wraps.
    blocks: AtomicU32,
    lost: AtomicU32,
    rolling: AtomicBool,
    offline: AtomicBool,
    late: AtomicU32,
    /// The number of the bank that plays.
    committed: AtomicU32,
    decoder_ended: AtomicBool,
    /// The host's tempo, as the bits of a f64; 0 where unknown.
    tempo: AtomicU64,
    /// The host's time signature: beats of a bar x 256 + the note value of a beat; 0 where unknown.
    signature: AtomicU32,
    /// The last incoming note in the low byte, above it the count of incoming notes.
    input_note: AtomicU32,
}

impl Meters {
    /// The step and take that play now; `None` at rest.
    pub fn playhead(&self) -> Option<Playhead> {
        let packed = self.playhead.load(Ordering::Relaxed);
        let step = (packed as u8).checked_sub(1)?;
        let (in_bar, cycle) = ((packed >> 8) as u32 & 0xff_ffff, (packed >> 32) as i32);
        Some(Playhead { step: step.into(), cycle: cycle.into(), in_bar: in_bar as usize })
    }

    /// Note-ons sent since the instance was made.
    pub fn notes(&self) -> u64 {
        self.notes.load(Ordering::Relaxed)
    }

    /// Blocks processed since the instance was made; wraps.
    pub fn blocks(&self) -> u32 {
        self.blocks.load(Ordering::Relaxed)
    }

    /// Onsets dropped because the host refused events for too long.
    pub fn lost(&self) -> u32 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether the host's transport rolls.
    pub fn rolling(&self) -> bool {
        self.rolling.load(Ordering::Relaxed)
    }

    /// Whether commits wait for their banks, as in an offline render.
    pub fn offline(&self) -> bool {
        self.offline.load(Ordering::Relaxed)
    }

    /// Commits of an offline render that timed out and kept the old bank.
    pub fn late(&self) -> u32 {
        self.late.load(Ordering::Relaxed)
    }

    /// The number of the bank that the audio thread plays.
    pub fn committed(&self) -> u32 {
        self.committed.load(Ordering::Relaxed)
    }

    /// Whether the decode thread has ended after a panic.
    pub fn decoder_ended(&self) -> bool {
        self.decoder_ended.load(Ordering::Relaxed)
    }

    /// The count of incoming notes, and the last one.
    pub fn last_input_note(&self) -> (u32, u8) {
        let packed = self.input_note.load(Ordering::Relaxed);
        (packed >> 8, packed as u8)
    }

    pub(crate) fn show_input_note(&self, note: u8) {
        // The audio thread is the only writer.
        let count = (self.input_note.load(Ordering::Relaxed) >> 8).wrapping_add(1);
        self.input_note.store(count << 8 | u32::from(note), Ordering::Relaxed);
    }

    pub(crate) fn note_decoder_end(&self) {
        self.decoder_ended.store(true, Ordering::Relaxed);
    }

    /// The instance is deactivated: nothing plays, and the count of late commits starts anew.
    pub(crate) fn rest(&self) {
        self.playhead.store(0, Ordering::Relaxed);
        self.rolling.store(false, Ordering::Relaxed);
        self.offline.store(false, Ordering::Relaxed);
        self.late.store(0, Ordering::Relaxed);
    }

    pub(crate) fn show_committed(&self, number: u32) -> bool {
        self.committed.swap(number, Ordering::Relaxed) != number
    }

    /// Sets the playhead; true where it changed.
    pub fn show_playhead(&self, playhead: Option<Playhead>) -> bool {
        let packed = playhead.map_or(0, |Playhead { step, cycle, in_bar }| {
            u64::from(step as u8 + 1) | (in_bar as u64 & 0xff_ffff) << 8 | u64::from(cycle as u32) << 32
        });
        self.playhead.swap(packed, Ordering::Relaxed) != packed
    }

    /// Sets what the host does; true where it started or stopped.
    pub fn show_transport(&self, rolling: bool, offline: bool) -> bool {
        self.offline.store(offline, Ordering::Relaxed);
        self.rolling.swap(rolling, Ordering::Relaxed) != rolling
    }

    /// The host's tempo and time signature, with defaults where unknown.
    pub fn meter(&self) -> SongMeter {
        let usual = SongMeter::default();
        let tempo = f64::from_bits(self.tempo.load(Ordering::Relaxed));
        let [_, _, upper, lower] = self.signature.load(Ordering::Relaxed).to_be_bytes();
        SongMeter {
            tempo: if tempo > 0.0 { tempo } else { usual.tempo },
            time_signature: if upper > 0 && lower > 0 { (upper, lower) } else { usual.time_signature },
        }
    }

    pub(crate) fn show_meter(&self, tempo: Option<f64>, signature: Option<(u8, u8)>) {
        if let Some(tempo) = tempo.filter(|tempo| tempo.is_finite()) {
            self.tempo.store(tempo.to_bits(), Ordering::Relaxed);
        }
        if let Some((upper, lower)) = signature {
            self.signature.store(u32::from_be_bytes([0, 0, upper, lower]), Ordering::Relaxed);
        }
    }

    pub(crate) fn count_block(&self) {
        self.blocks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_note(&self) {
        self.notes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn show_lost(&self, lost: u32) {
        self.lost.store(lost, Ordering::Relaxed);
    }

    pub(crate) fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the decode thread and the window share. The mutexes are never locked on the audio thread.
#[derive(Default)]
pub struct SharedState {
    decoded: Mutex<Arc<Decoded>>,
    recent_notes: Mutex<RecentNotes>,
    /// The transport of the standalone program.
    pub transport: OwnTransport,
    /// What the window requests of the decode thread.
    pub requests: DrawRequests,
    /// Requests a frame of the window; a relaxed store, so any thread may call it.
    pub repaint: RepaintNotifier,
}

/// The decode thread's results, a consistent snapshot.
#[derive(Clone, Default)]
pub struct Decoded {
    /// The model of the grid that plays, where there is one.
    pub model: Option<Arc<Model>>,
    /// A sentence for the musician: why there is no model, or what is wrong with the state.
    pub problem: Option<String>,
    /// Whether the newest bank of that grid is an opened project's, and this build would decode another one.
    pub of_another_build: bool,
    /// The model's number: the window draws the map anew when it changes.
    pub model_number: u32,
    /// The picture of the model's map, once requested.
    pub picture: Option<Arc<MapPicture>>,
    /// The pattern of the last preview request, with what it is a preview of.
    pub preview: Option<(PreviewKey, Pattern)>,
    /// The latest banks with their numbers, the newest last. Shared: a bank has several kilobytes.
    banks: Vec<(u32, Arc<Bank>)>,
}

/// What a previewed pattern depends on: a grid, a place, and the settings but for where they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreviewKey(Grid, Settings);

impl PreviewKey {
    /// Of a preview at `place` with these settings.
    pub fn new(grid: Grid, settings: &Settings, [x, y]: [f32; 2]) -> Self {
        Self(grid, Settings { x, y, orbit_bars: 0, ..*settings })
    }
}

/// Requests of the window. Relaxed everywhere: no request orders another.
#[derive(Debug, Default)]
pub struct DrawRequests {
    picture: AtomicBool,
    /// The map point to preview in units of 0.0001, and a bit that there is one.
    preview: AtomicU64,
}

impl DrawRequests {
    /// Requests the picture of the map.
    pub fn request_picture(&self) {
        self.picture.store(true, Ordering::Relaxed);
    }

    /// Requests the pattern at a map point.
    pub fn request_preview(&self, place: [f32; 2]) {
        let [x, y] = place.map(|value| (value.clamp(0.0, 1.0) * 10_000.0).round() as u64);
        self.preview.store(1 << 63 | x << 32 | y, Ordering::Relaxed);
    }

    /// Takes the request for the picture, where there is one.
    pub(crate) fn take_picture(&self) -> bool {
        self.picture.load(Ordering::Relaxed) && self.picture.swap(false, Ordering::Relaxed)
    }

    /// Takes the map point to preview, where one is requested.
    pub(crate) fn take_preview(&self) -> Option<[f32; 2]> {
        // A load first: an idle decode thread writes nothing.
        if self.preview.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let packed = self.preview.swap(0, Ordering::Relaxed);
        let part = |shift: u32| (packed >> shift & 0xffff) as f32 / 10_000.0;
        Some([part(32), part(0)])
    }
}

/// The number of latest banks of each grid kept beside the one that plays.
const RECENT_BANKS: usize = 8;

impl Decoded {
    /// The newest bank of a grid: it plays from the next commit or start.
    pub fn newest(&self, grid: Grid) -> Option<&Bank> {
        self.newest_numbered(grid).map(|(_, bank)| &**bank)
    }

    /// The newest bank of a grid, where an older one still plays.
    pub fn waiting(&self, grid: Grid, committed: u32) -> Option<&Bank> {
        let known = self.banks.iter().any(|(number, _)| *number == committed);
        let newest = self.newest_numbered(grid).filter(|(number, _)| known && *number != committed);
        newest.map(|(_, bank)| &**bank)
    }

    /// The bank of this number, the one that plays; the newest of the grid where it is not kept any more.
    pub fn sounding(&self, grid: Grid, committed: u32) -> Option<&Bank> {
        let sounding = self.banks.iter().find(|(number, _)| *number == committed);
        sounding.map(|(_, bank)| &**bank).or_else(|| self.newest(grid))
    }

    fn newest_numbered(&self, grid: Grid) -> Option<&(u32, Arc<Bank>)> {
        self.banks.iter().rev().find(|(_, bank)| *bank.grid() == grid)
    }

    /// Adds a bank, and drops those that neither play nor are among the latest of their grid.
    pub fn add(&mut self, number: u32, bank: impl Into<Arc<Bank>>, committed: u32) {
        let bank = bank.into();
        let grid = *bank.grid();
        self.banks.push((number, bank));
        let of_grid = self.banks.iter().filter(|(_, bank)| *bank.grid() == grid).count();
        let mut old = of_grid.saturating_sub(RECENT_BANKS);
        self.banks.retain(|(number, bank)| {
            let is_old = *bank.grid() == grid && old > 0;
            old -= usize::from(is_old);
            !is_old || *number == committed
        });
    }
}

impl SharedState {
    /// The record of what was played.
    pub fn recent_notes(&self) -> MutexGuard<'_, RecentNotes> {
        self.recent_notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The results as they are now; shared, since the window takes them in every frame.
    pub fn decoded(&self) -> Arc<Decoded> {
        self.decoded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the results and requests a frame.
    pub fn show(&self, change: impl FnOnce(&mut Decoded)) {
        change(Arc::make_mut(&mut self.decoded.lock().unwrap_or_else(PoisonError::into_inner)));
        self.repaint.request_repaint();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid::FOUR_FOUR;

    #[test]
    fn the_playhead_comes_back_as_it_was() {
        let meters = Meters::default();
        assert_eq!(meters.playhead(), None);
        for (step, cycle, in_bar) in [(0, 0, 0), (31, 99_999, 77), (23, -1, 0)] {
            let at = Some(Playhead { step, cycle, in_bar });
            assert!(meters.show_playhead(at));
            assert_eq!(meters.playhead(), at);
        }
    }

    #[test]
    fn the_window_shows_the_bank_that_sounds_however_many_wait() {
        let mut decoded = Decoded::default();
        for number in 1..=50 {
            decoded.add(
                number,
                Bank::new(&[], 1, GRID, beat::Kit::DEFAULT, beat::Settings::DEFAULT, number),
                3,
            );
        }
        assert_eq!(decoded.sounding(GRID, 3).map(Bank::model), Some(3));
        assert_eq!(decoded.sounding(GRID, 50).map(Bank::model), Some(50));
        assert_eq!(decoded.sounding(GRID, 20).map(Bank::model), Some(50), "long gone: the newest");
        assert_eq!(decoded.banks.len(), 1 + RECENT_BANKS);
        assert_eq!(decoded.waiting(GRID, 3).map(Bank::model), Some(50));
        assert_eq!(decoded.waiting(GRID, 50), None, "the newest sounds");
        assert_eq!(decoded.waiting(GRID, 20), None, "what plays is not known");
    }

    #[test]
    fn a_frame_copies_no_bank() {
        let shared = SharedState::default();
        shared.show(|decoded| decoded.add(1, Bank::SILENT, 0));
        let (first, second) = (shared.decoded(), shared.decoded());
        assert!(Arc::ptr_eq(&first, &second));
        shared.show(|decoded| decoded.problem = Some("another".into()));
        let third = shared.decoded();
        assert_eq!((&first.problem, third.problem.as_deref()), (&None, Some("another")));
        let newest =
            [&first, &third].map(|decoded| std::ptr::from_ref(decoded.newest(GRID).expect("a bank")));
        assert_eq!(newest[0], newest[1], "a change of something else copies none either");
    }

    #[test]
    fn a_request_is_taken_once() {
        let requests = DrawRequests::default();
        assert_eq!(requests.take_preview(), None);
        requests.request_preview([0.0, 0.0]);
        requests.request_preview([0.25, 1.0]);
        assert_eq!(requests.take_preview(), Some([0.25, 1.0]));
        assert_eq!(requests.take_preview(), None);
    }
}
