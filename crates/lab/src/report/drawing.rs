//! The report's figures, each drawn as PNG and as SVG.

use std::path::Path;
use std::sync::Once;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf32;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};
use train::mapping::regions::{grouped, regions};
use train::training::Epoch;

use super::plane::Plane;

/// Genres that have a colour of their own; the rest is grey.
const COLOURED: usize = 12;
/// The font family of all text. SVG viewers substitute their own.
const FONT: &str = "sans-serif";
const GREY: RGBColor = RGBColor(205, 208, 214);
const DARK: RGBColor = RGBColor(40, 44, 52);
const HIGHLIGHT: RGBColor = RGBColor(208, 56, 48);

/// Figure 3: a map with its genres, each named where it is densest relative to all patterns.
pub(crate) fn map(path: &Path, plane: &Plane) -> Result<()> {
    drawn(path, (900, 940), &Drawing::Map(plane))
}

/// Figure 4: one genre on two maps.
pub(crate) fn genre(path: &Path, planes: [(&str, &Plane); 2], genre: u8) -> Result<()> {
    drawn(path, (1200, 640), &Drawing::Genre(planes, genre))
}

/// Learning curves: training and validation loss by epoch.
pub(crate) fn curves(path: &Path, caption: &str, curves: &[(&str, &[Epoch])]) -> Result<()> {
    drawn(path, (900, 520), &Drawing::Curves(caption, curves))
}

enum Drawing<'a> {
    Map(&'a Plane),
    Genre([(&'a str, &'a Plane); 2], u8),
    Curves(&'a str, &'a [(&'a str, &'a [Epoch])]),
}

fn drawn(path: &Path, size: (u32, u32), drawing: &Drawing) -> Result<()> {
    static FONTS: Once = Once::new();
    FONTS.call_once(|| {
        // Without the font, drawing text fails with an error.
        drop(register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT));
    });
    drawing.on(BitMapBackend::new(&path.with_extension("png"), size).into_drawing_area())?;
    drawing.on(SVGBackend::new(&path.with_extension("svg"), size).into_drawing_area())
}

impl Drawing<'_> {
    fn on<B: DrawingBackend>(&self, area: DrawingArea<B, Shift>) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let done = match self {
            Self::Map(plane) => draw_map(&area, plane),
            Self::Genre(planes, genre) => draw_genre(&area, planes, *genre),
            Self::Curves(caption, curves) => draw_curves(&area, caption, curves),
        };
        done.and_then(|()| area.present()).map_err(|error| anyhow!("a figure can't be drawn: {error}"))
    }
}

type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn draw_map<B: DrawingBackend>(area: &DrawingArea<B, Shift>, plane: &Plane) -> Drawn<B> {
    area.fill(&WHITE)?;
    let mut chart = square(area, "Codes of the VAE by t-SNE, genres named where they are densest")?;
    let mut sizes: Vec<(usize, u8)> =
        (0..plane.genres.len()).map(|genre| (plane.count(genre as u8), genre as u8)).collect();
    sizes.sort_by_key(|(size, genre)| (std::cmp::Reverse(*size), *genre));
    let rank = |genre: u8| sizes.iter().position(|(_, other)| *other == genre).unwrap_or(COLOURED);
    let points = plane.points.iter().zip(&plane.labels);
    chart.draw_series(points.map(|(point, label)| dot(point, colour(rank(*label)))))?;
    for region in regions(&plane.points, &grouped(&plane.labels, plane.genres.len())) {
        let name = &plane.genres[region.group];
        // A white outline, so that the name can be read on any colour.
        for (shift, colour) in [(0.0025, WHITE), (-0.0025, WHITE), (0.0, DARK)] {
            let style = TextStyle::from((FONT, 22).into_font())
                .color(&colour)
                .pos(Pos::new(HPos::Center, VPos::Center));
            let at = (region.at[0] + shift, region.at[1] - shift);
            chart.draw_series(std::iter::once(Text::new(name.clone(), at, style)))?;
        }
    }
    Ok(())
}

fn draw_genre<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    planes: &[(&str, &Plane); 2],
    genre: u8,
) -> Drawn<B> {
    area.fill(&WHITE)?;
    for (half, (name, plane)) in area.split_evenly((1, 2)).iter().zip(planes) {
        let genre_name = &plane.genres[usize::from(genre)];
        let mut chart = square(half, &format!("{genre_name} on the map of the {name}"))?;
        // The genre comes last, so that nothing hides it.
        for own in [false, true] {
            let style = if own { HIGHLIGHT } else { GREY };
            let points = plane.points.iter().zip(&plane.labels);
            let of = points.filter(|(_, label)| (**label == genre) == own);
            chart.draw_series(of.map(|(point, _)| dot(point, style.to_rgba())))?;
        }
    }
    Ok(())
}

fn draw_curves<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    caption: &str,
    curves: &[(&str, &[Epoch])],
) -> Drawn<B> {
    area.fill(&WHITE)?;
    let losses =
        || curves.iter().flat_map(|(_, curve)| *curve).flat_map(|e| [e.training_loss, e.validation_loss]);
    let epochs = curves.iter().map(|(_, curve)| curve.len()).max().unwrap_or(0).max(1);
    let (low, high) = (losses().fold(f64::INFINITY, f64::min), losses().fold(0.0, f64::max));
    let low = if low.is_finite() { low } else { 0.0 };
    let mut chart = ChartBuilder::on(area)
        .caption(caption, (FONT, 22, &DARK))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(1.0..epochs as f64, low * 0.97..high.max(low + 1.0))?;
    chart.configure_mesh().x_desc("epoch").label_style((FONT, 15)).light_line_style(WHITE).draw()?;
    for (number, (name, curve)) in curves.iter().enumerate() {
        let line = |loss: fn(&Epoch) -> f64, width: u32| {
            let points = curve.iter().enumerate().map(move |(k, epoch)| ((k + 1) as f64, loss(epoch)));
            LineSeries::new(points, colour(number).stroke_width(width))
        };
        chart.draw_series(line(|epoch| epoch.training_loss, 1))?;
        chart
            .draw_series(line(|epoch| epoch.validation_loss, 3))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour(number).stroke_width(3)));
    }
    let legend = SeriesLabelPosition::UpperRight;
    chart.configure_series_labels().position(legend).label_font((FONT, 16)).draw()
}

type Square<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf32, RangedCoordf32>>;

/// A titled chart from 0 to 1 both ways, y upwards, without axes: t-SNE's have no meaning.
fn square<'a, B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    title: &str,
) -> Result<Square<'a, B>, DrawingAreaErrorKind<B::ErrorType>> {
    ChartBuilder::on(area)
        .caption(title, (FONT, 22, &DARK))
        .margin(16)
        .build_cartesian_2d(0.0f32..1.0, 0.0f32..1.0)
}

fn dot(point: &[f32; 2], colour: RGBAColor) -> Circle<(f32, f32), i32> {
    Circle::new((point[0], point[1]), 2, colour.filled())
}

/// A colour for each of the largest genres, grey for the rest.
fn colour(rank: usize) -> RGBAColor {
    if rank >= COLOURED {
        return GREY.to_rgba();
    }
    // Steps of the golden angle keep neighbours in rank apart in hue.
    HSLColor((rank as f64 * 0.381_966).fract(), 0.55, 0.52).to_rgba()
}
