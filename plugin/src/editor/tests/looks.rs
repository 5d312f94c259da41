//! What the window looks like, as golden paint lists in `looks.txt`.
//!
//! Bless new ones with `BEATFIELD_BLESS=1 cargo test -p beatfield --lib editor::tests::looks`, and look at
//! the window itself too (`cargo xtask shot`).
//!
//! A paint list has one line for shapes of one look, each with its position, in whole points, so that
//! rounding on different machines does not matter.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use beat::{Bank, Kit, Locks, Playhead, Settings, Take};
use egui::epaint::{ClippedShape, PathShape, RectShape, TextShape};
use egui::{Color32, FullOutput, Pos2, Rect, Shape, Stroke};

use super::TestWindow;

/// A beat as a drum tab, the same in both bars; x is a hit.
fn bank(rows: &[(usize, &str)], number: u32) -> Bank {
    let mut take = Take::EMPTY;
    for (instrument, row) in rows {
        for (step, _) in row.chars().enumerate().filter(|(_, letter)| *letter == 'x') {
            take.onsets = take.onsets.with(step, *instrument).with(step + 16, *instrument);
            take.velocities[step + 16][*instrument] = 64;
        }
    }
    Bank::new(&[take; 8], 4, beat::Grid::FOUR_FOUR, Kit::DEFAULT, Settings::DEFAULT, number)
}

const ROCK: [(usize, &str); 3] = [(0, "x.......x.x....."), (1, "....x.......x..."), (4, "x.x.x.x.x.x.x.x.")];
const SON: [(usize, &str); 2] = [(2, "x..x..x...x.x..."), (0, "x.......x.......")];

/// A window with a written beat, so that the model does not matter.
fn window(size: [f32; 2]) -> TestWindow {
    let mut window = TestWindow::of_size(size);
    window.shared.show(|decoded| decoded.add(2, bank(&ROCK, 1), 0));
    window.harness.run();
    window
}

fn play(window: &TestWindow, step: usize) {
    window.meters.show_committed(2);
    window.meters.show_transport(true, false);
    window.meters.show_playhead(Some(Playhead { step, cycle: 1, in_bar: step % 16 }));
}

/// One look at a time is blessed: they share a file.
static FILE: Mutex<()> = Mutex::new(());

fn check(name: &str, window: &TestWindow) {
    let found = painted(window.harness.output());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/editor/tests/looks.txt");
    let _one = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let all = std::fs::read_to_string(&path).expect("the golden file is there");
    let head = format!("== {name}\n");
    let (before, rest) = all.split_once(&head).expect("each look has its part of the file");
    let end = rest.find("\n== ").map_or(rest.len(), |end| end + 1);
    let kept = &rest[..end];
    if std::env::var_os("BEATFIELD_BLESS").is_some() {
        let blessed = [before, &head, &found, &rest[end..]].concat();
        return std::fs::write(&path, blessed).expect("the golden file can be written");
    }
    for (number, (found, kept)) in found.lines().zip(kept.lines()).enumerate() {
        assert_eq!(found, kept, "line {} of {name}; the head of looks.rs says how to bless it", number + 1);
    }
    assert_eq!(found.lines().count(), kept.lines().count(), "as many lines as {name} had");
}

#[test]
fn the_first_look() {
    check("first-look", &window([960.0, 860.0]));
}

#[test]
fn playing_with_an_orbit_and_held_steps() {
    let mut window = window([960.0, 860.0]);
    window.click("orbit");
    let locks = Locks::NONE.with(2, 3, Some(true)).with(8, 0, Some(false)).with(4, 1, Some(true));
    let edits = beat::Edits { locks, rotation: 1, ..beat::Edits::NONE };
    window.params.saved.set_shape(&window.params.saved.shape().with_edits(&beat::Grid::FOUR_FOUR, edits));
    play(&window, 9);
    window.shared.show(|decoded| decoded.add(3, bank(&SON, 1), 2));
    window.harness.run();
    check("playing", &window);
}

#[test]
fn silent_and_why() {
    let mut window = TestWindow::of_size([960.0, 860.0]);
    window.shared.show(|decoded| {
        *decoded = crate::shared::Decoded::default();
        decoded.problem = Some("mine.safetensors is no model: the file ends after 12 bytes".into());
    });
    window.harness.run();
    check("silent", &window);
}

#[test]
fn a_narrow_window() {
    check("narrow", &window([560.0, 900.0]));
}

/// The paint list of the last frame.
fn painted(output: &FullOutput) -> String {
    let mut list = List::default();
    for ClippedShape { clip_rect, shape, .. } in &output.shapes {
        list.clip = area(*clip_rect);
        list.add(shape);
    }
    list.text + "\n"
}

#[derive(Default)]
struct List {
    text: String,
    clip: String,
    /// The clip and the look of the current line.
    line: (String, String),
}

impl List {
    fn add(&mut self, shape: &Shape) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| self.add(shape)),
            Shape::Rect(rect) => self.put(rect_look(rect), rect.rect.min),
            Shape::Circle(circle) => {
                let ink = ink(circle.fill, circle.stroke);
                self.put(ink.map(|ink| format!("circle {:.0}{ink}", circle.radius)), circle.center);
            }
            Shape::Text(text) => self.put(text_look(text), text.pos),
            Shape::LineSegment { points: [from, to], stroke } => {
                let ink = ink(Color32::TRANSPARENT, *stroke);
                self.put(ink.map(|ink| format!("line to {}{ink}", at(*to))), *from);
            }
            Shape::Path(path) => {
                let (look, from) = path_look(path);
                self.put(look, from);
            }
            Shape::Mesh(mesh) => {
                let bounds = mesh.calc_bounds();
                self.put(
                    Some(format!("mesh {} of {} corners", size(bounds), mesh.vertices.len())),
                    bounds.min,
                );
            }
            Shape::Noop => {}
            other => {
                let bounds = other.visual_bounding_rect();
                self.put(Some(format!("other {}", size(bounds))), bounds.min);
            }
        }
    }

    /// Adds a position of this look; nothing where it is invisible.
    fn put(&mut self, look: Option<String>, place: Pos2) {
        let Some(look) = look else { return };
        let place = at(place);
        if self.line.0 != self.clip {
            self.text += if self.text.is_empty() { "" } else { "\n" };
            write!(self.text, "in {}", self.clip).expect("a string takes all");
        }
        if (&self.line.0, &self.line.1) != (&self.clip, &look) {
            write!(self.text, "\n  {look} at").expect("a string takes all");
            self.line = (self.clip.clone(), look);
        }
        write!(self.text, " {place}").expect("a string takes all");
    }
}

fn rect_look(rect: &RectShape) -> Option<String> {
    let ink = ink(rect.fill, rect.stroke)?;
    let corners = rect.corner_radius;
    let round = if corners.nw == 0 { String::new() } else { format!(" round {}", corners.nw) };
    let texture = if rect.fill_texture_id() == egui::TextureId::default() { "" } else { " picture" };
    Some(format!("rect {}{round}{ink}{texture}", size(rect.rect)))
}

fn text_look(text: &TextShape) -> Option<String> {
    let section = text.galley.job.sections.first()?;
    let own = Some(section.format.color).filter(|colour| *colour != Color32::PLACEHOLDER);
    let colour = text.override_text_color.or(own).unwrap_or(text.fallback_color);
    Some(format!("{:?} {:.0} {}", text.galley.text(), section.format.font_id.size, hex(colour)))
}

/// A path, by its bounds and number of corners.
fn path_look(path: &PathShape) -> (Option<String>, Pos2) {
    let bounds = Rect::from_points(&path.points);
    let stroke = match path.stroke.color {
        egui::epaint::ColorMode::Solid(colour) => Stroke::new(path.stroke.width, colour),
        egui::epaint::ColorMode::UV(_) => Stroke::NONE,
    };
    let kind = if path.closed { "shape" } else { "path" };
    let ink = ink(path.fill, stroke);
    (ink.map(|ink| format!("{kind} {} of {} corners{ink}", size(bounds), path.points.len())), bounds.min)
}

fn ink(fill: Color32, stroke: Stroke) -> Option<String> {
    let filled = (fill != Color32::TRANSPARENT).then(|| format!(" {}", hex(fill)));
    let edged = (!stroke.is_empty()).then(|| format!(" edge {:.1} {}", stroke.width, hex(stroke.color)));
    (filled.is_some() || edged.is_some()).then(|| filled.unwrap_or_default() + &edged.unwrap_or_default())
}

fn hex(colour: Color32) -> String {
    let [red, green, blue, alpha] = colour.to_array();
    let glass = if alpha == 255 { String::new() } else { format!("{alpha:02x}") };
    format!("#{red:02x}{green:02x}{blue:02x}{glass}")
}

/// A length in whole points, without a negative zero.
fn whole(points: f32) -> i64 {
    // What is not clipped can lie far beyond any screen.
    points.clamp(-1e5, 1e5).round() as i64
}

fn at(pos: Pos2) -> String {
    format!("{},{}", whole(pos.x), whole(pos.y))
}

fn size(rect: Rect) -> String {
    format!("{}x{}", whole(rect.width()), whole(rect.height()))
}

fn area(rect: Rect) -> String {
    format!("{} {}", at(rect.min), size(rect))
}
