//! The table of the Groove MIDI Dataset (Gillick et al. 2019): performances, genres and the split.

use std::io::Read;
use std::path::Path;

use super::open_plain;
use crate::split::groove_song;

/// Reading stops here, far beyond any real table.
const LARGEST_TABLE_BYTES: u64 = 16 << 20;

/// One performance of the Groove MIDI Dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    /// Its song id, which carries the split.
    pub song: String,
    /// The first part of its style: `funk` of `funk/purdieshuffle`.
    pub genre: String,
    /// Its style with all parts.
    pub style: String,
    /// Who played it, `-` where the table does not say.
    pub player: String,
    /// `beat` or `fill`, `-` where the table does not say.
    pub beat_type: String,
    /// Beats a minute, above 0, where the table says it.
    pub bpm: Option<f64>,
}

/// The performances of a table, by the path of their MIDI file beside it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct GrooveTable(Vec<(String, Performance)>);

/// Whether a file at this path could be such a table.
pub(super) fn is_table(path: &str) -> bool {
    path == "info.csv" || path.ends_with("/info.csv")
}

/// Reads the table at `path`.
pub(super) fn read_table(path: &Path) -> Result<GrooveTable, String> {
    table_of(&mut open_plain(path).map_err(|error| error.to_string())?)
}

/// Reads a table; another file that happens to be called info.csv gives an empty one.
pub(super) fn table_of(reader: &mut dyn Read) -> Result<GrooveTable, String> {
    let mut bytes = Vec::new();
    reader.take(LARGEST_TABLE_BYTES).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
    let names = lines.next().unwrap_or_default();
    let column = |name| names.iter().position(|&other| other == name);
    let (Some(id), Some(style), Some(file), Some(split)) =
        (column("id"), column("style"), column("midi_filename"), column("split"))
    else {
        return Ok(GrooveTable::default());
    };
    let [drummer, beat_type, bpm] = ["drummer", "beat_type", "bpm"].map(column);
    let mut performances = Vec::new();
    for (number, line) in lines.enumerate() {
        if line.len() != names.len() {
            return Err(format!("line {} has {} columns, expected {}", number + 2, line.len(), names.len()));
        }
        let song = groove_song(line[split], line[id]);
        let style = line[style];
        let text = |column: Option<usize>| column.map_or("-", |column| line[column]).to_owned();
        let performance = Performance {
            song,
            genre: style.split('/').next().unwrap_or_default().to_owned(),
            style: style.to_owned(),
            player: text(drummer),
            beat_type: text(beat_type),
            bpm: bpm.and_then(|bpm| line[bpm].parse().ok()).filter(|bpm: &f64| *bpm > 0.0 && bpm.is_finite()),
        };
        performances.push((line[file].to_owned(), performance));
    }
    Ok(GrooveTable(performances))
}

impl GrooveTable {
    /// The performances by their path in the collection, where the table itself lies at `table`.
    pub(super) fn below(self, table: &str) -> impl Iterator<Item = (String, Performance)> {
        let folder = table.strip_suffix("info.csv").unwrap_or_default().to_owned();
        self.0.into_iter().map(move |(file, performance)| (format!("{folder}{file}"), performance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "drummer,session,id,style,bpm,beat_type,midi_filename,split\n\
        drummer1,drummer1/s,drummer1/s/1,funk/groove1,138,beat,drummer1/s/1.mid,test\n\
        drummer1,drummer1/s,drummer1/s/2,rock,x,fill,drummer1/s/2.mid,train\n";

    #[test]
    fn a_performance_has_its_split_in_its_id_and_the_first_part_of_its_style() {
        let table = table_of(&mut INFO.as_bytes()).unwrap();
        let found: Vec<_> = table.below("groove/info.csv").collect();
        let performance = |split: &str, style: &str, beat_type: &str, bpm| Performance {
            song: format!("groove/{split}/drummer1/s/{}", if bpm == Some(138.0) { 1 } else { 2 }),
            genre: style.split('/').next().unwrap().into(),
            style: style.into(),
            player: "drummer1".into(),
            beat_type: beat_type.into(),
            bpm,
        };
        let first = performance("test", "funk/groove1", "beat", Some(138.0));
        let second = performance("train", "rock", "fill", None);
        assert_eq!(
            found,
            [("groove/drummer1/s/1.mid".into(), first), ("groove/drummer1/s/2.mid".into(), second)]
        );
    }

    #[test]
    fn other_tables_say_nothing_and_broken_ones_say_where() {
        assert_eq!(table_of(&mut "name,price\nx,1\n".as_bytes()).unwrap(), GrooveTable::default());
        let broken = INFO.replace(",rock", "");
        assert!(table_of(&mut broken.as_bytes()).unwrap_err().contains("line 3"));
    }
}
