//! The names of the drums' notes as the files that hosts read: a .midnam for Ardour, a drum map for Cubase.

use std::fmt::Write;

use anyhow::Context;

/// A MIDI note, 0..=127, and the name of its drum.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoteName {
    note: u8,
    name: String,
}

impl NoteName {
    /// Reads lines such as `36 Kick`, which is also Reaper's format.
    pub(crate) fn parse_all(text: &str) -> anyhow::Result<Vec<Self>> {
        let parse = |line: &str| {
            let (note, name) = line.split_once(' ')?;
            Some(Self { note: note.parse().ok().filter(|note| *note < 128)?, name: name.to_owned() })
        };
        text.lines()
            .map(|line| parse(line).with_context(|| format!("\"{line}\" is no note and name")))
            .collect()
    }
}

/// A MIDINameDocument (MIDI Manufacturers Association) for all channels.
pub(crate) fn midnam(names: &[NoteName]) -> String {
    let channels: String = (1..=16)
        .map(|channel| format!("<AvailableChannel Channel=\"{channel}\" Available=\"true\"/>"))
        .collect();
    let mut notes = String::new();
    for NoteName { note, name } in names {
        let _infallible = writeln!(notes, "      <Note Number=\"{note}\" Name=\"{name}\"/>");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE MIDINameDocument PUBLIC \"-//MIDI Manufacturers Association//DTD MIDINameDocument 1.0//EN\" \
         \"http://www.midi.org/dtds/MIDINameDocument10.dtd\">\n\
         <MIDINameDocument>\n  <Author/>\n  <MasterDeviceNames>\n    <Manufacturer>Beatfield</Manufacturer>\n    \
         <Model>Beatfield</Model>\n    <CustomDeviceMode Name=\"Default\">\n      <ChannelNameSetAssignments>\n        \
         {}\n      </ChannelNameSetAssignments>\n    </CustomDeviceMode>\n    <ChannelNameSet Name=\"Drums\">\n      \
         <AvailableForChannels>{channels}</AvailableForChannels>\n      <UsesNoteNameList Name=\"Drums\"/>\n    \
         </ChannelNameSet>\n    <NoteNameList Name=\"Drums\">\n{notes}    </NoteNameList>\n  </MasterDeviceNames>\n\
         </MIDINameDocument>\n",
        (1..=16)
            .map(|channel| format!("<ChannelNameSetAssign Channel=\"{channel}\" NameSet=\"Drums\"/>"))
            .collect::<String>()
    )
}

/// A Cubase drum map: all 128 notes play themselves, the named ones come first.
pub(crate) fn drum_map(names: &[NoteName]) -> String {
    let name_of = |note: u8| names.iter().find(|named| named.note == note).map_or("", |named| &named.name);
    let mut items = String::new();
    for note in 0..128 {
        let _infallible = writeln!(
            items,
            "    <item><int name=\"INote\" value=\"{note}\"/><int name=\"ONote\" value=\"{note}\"/>\
             <int name=\"Channel\" value=\"9\"/><float name=\"Length\" value=\"200\"/><int name=\"Mute\" value=\"0\"/>\
             <int name=\"DisplayNote\" value=\"{note}\"/><int name=\"HeadSymbol\" value=\"0\"/>\
             <int name=\"Voice\" value=\"0\"/><int name=\"PortIndex\" value=\"0\"/>\
             <string name=\"Name\" value=\"{}\" wide=\"true\"/><int name=\"QuantizeIndex\" value=\"0\"/></item>",
            name_of(note)
        );
    }
    let named = names.iter().map(|named| named.note);
    let unnamed = (0..128).filter(|note| name_of(*note).is_empty());
    let order: String = named.chain(unnamed).map(|note| format!("<item value=\"{note}\"/>")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<DrumMap>\n  <string name=\"Name\" value=\"Beatfield\" \
         wide=\"true\"/>\n  <list name=\"Quantize\" type=\"list\">\n    <item><int name=\"Grid\" value=\"4\"/><int \
         name=\"Type\" value=\"0\"/><float name=\"Swing\" value=\"0\"/><int name=\"Legato\" value=\"50\"/></item>\n  \
         </list>\n  <list name=\"Map\" type=\"list\">\n{items}  </list>\n  <list name=\"Order\" type=\"int\">{order}\
         </list>\n  <list name=\"OutputDevices\" type=\"list\"/>\n  <int name=\"Flags\" value=\"0\"/>\n</DrumMap>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_notes_come_first_and_every_note_once() {
        let names = NoteName::parse_all("36 Kick\n42 Closed hat\n").expect("two lines");
        let map = drum_map(&names);
        assert!(map.contains("type=\"int\"><item value=\"36\"/><item value=\"42\"/><item value=\"0\"/>"));
        assert_eq!(map.matches("<item value=").count(), 128);
        assert_eq!(map.matches("value=\"Closed hat\"").count(), 1);
        assert!(midnam(&names).contains("<Note Number=\"42\" Name=\"Closed hat\"/>"));
        assert!(NoteName::parse_all("200 Nothing").is_err());
    }
}
