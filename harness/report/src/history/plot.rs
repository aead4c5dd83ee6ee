//! A plot of every metric: a panel for each series, its points with their intervals, its course,
//! and lettered lines where engine, agent, system or settings changed.

use super::{
    marks::Marks,
    naming::Naming,
    panel::{self, CHANGE, COURSE, POINT},
};
use crate::{
    draw::{
        font, grid,
        palette::Ink,
        scene::{Anchor, SMALL, Scene, WIDTH},
    },
    plots::Plot,
};
use slm_decide::history::{Course, History, Series};
use slm_plan::text::clean;
use slm_results::read::Metric;

/// Panels of a plot at most; those that changed come first where there are more.
const MOST_PANELS: usize = 24;
/// Height of a line of text, pixels.
const LINE: f64 = 17.0;

/// A plot of each metric that has a series of two points.
pub(super) fn plots(history: &History) -> Vec<Plot> {
    Metric::ALL.into_iter().filter_map(|metric| plot(history, metric)).collect()
}

fn plot(history: &History, metric: Metric) -> Option<Plot> {
    let mut drawn: Vec<&Series> = history
        .series
        .iter()
        .filter(|series| series.key.metric == metric && series.points.len() > 1)
        .collect();
    let all = drawn.len();
    if all == 0 {
        return None;
    }
    if all > MOST_PANELS {
        drawn.sort_by_key(|series| matches!(series.course, Course::Steady | Course::TooFew));
        drawn.truncate(MOST_PANELS);
    }
    let naming = Naming::of(&drawn.iter().copied());
    let marks = Marks::of(history, &drawn);
    let lines: Vec<String> =
        marks.lines.iter().flat_map(|line| folded(line)).chain(notes(&drawn, &marks, all)).collect();
    let title = format!("{} from sweep to sweep", metric.heading());
    let foot = grid::height(drawn.len());
    let mut scene = Scene::titled(foot + LINE * lines.len() as f64, &title, &naming.common());
    let mut legend = vec![(POINT, "sweeps, 95 % intervals"), (COURSE, "course")];
    if !marks.lines.is_empty() {
        legend.push((CHANGE, "what else changed, below"));
    }
    grid::legend(&mut scene, &legend);
    // The context stays where a long name is cut.
    let name = |series: &&Series| clean(&format!("{} · {}", series.key.cell.model, series.key.cell.context));
    let names: Vec<String> = drawn.iter().map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (panel, series) in grid::panels(&mut scene, &names).into_iter().zip(&drawn) {
        panel::draw(&mut scene, panel, history, series, &marks, naming.telling(series));
    }
    for (index, line) in lines.iter().enumerate() {
        scene.text(14.0, foot + LINE * index as f64 - 6.0, line, SMALL, Anchor::Start, Ink::Text);
    }
    Some(Plot::new(format!("{}-history", metric.column()), title, lines.join(" "), scene))
}

/// What must be known to read the plot.
fn notes(drawn: &[&Series], marks: &Marks, all: usize) -> Vec<String> {
    let has =
        |is: fn(&slm_decide::history::Point) -> bool| drawn.iter().flat_map(|series| &series.points).any(is);
    let mut notes = Vec::new();
    if marks.left_out > 0 {
        notes.push(format!("Of the changes the newest are shown, {} earlier ones are not.", marks.left_out));
    }
    if has(|point| point.outlier) {
        notes.push("Rings stand far from their neighbours and count as if nearer.".to_owned());
    }
    if has(|point| point.doubtful) {
        notes.push("Crosses have no valid trial and are not tested.".to_owned());
    }
    if all > drawn.len() {
        notes
            .push(format!("{} more series are not drawn; those that changed come first.", all - drawn.len()));
    }
    notes
}

/// A text in two lines at most, the second cut where it is too long.
fn folded(text: &str) -> Vec<String> {
    let room = WIDTH - 28.0;
    let mut first = String::new();
    let mut words = text.split_inclusive(' ').peekable();
    while let Some(word) = words.peek() {
        if !first.is_empty() && font::width(&format!("{first}{word}"), SMALL) > room {
            break;
        }
        first.push_str(word);
        words.next();
    }
    let rest: String = words.collect();
    let mut lines = vec![font::cut(first.trim_end(), SMALL, room)];
    if !rest.is_empty() {
        lines.push(font::cut(&format!("     {rest}"), SMALL, room));
    }
    lines
}
