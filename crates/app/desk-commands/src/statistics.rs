//! `holdfast statistics`: charts of the desk's work as tables.

use crate::answer::Fields;
use crate::args::{DeskArgs, named};
use clap::Args;
use holdfast_client::api_path;
use holdfast_monitor::statistics::{ChartName, ChartUnit, Window};
use holdfast_monitor::{Monitor, MonitorError};
use holdfast_screening::Screening;
use serde_json::Value;

#[derive(Args)]
pub struct Statistics {
    #[command(flatten)]
    desk: DeskArgs,
    /// Which chart.
    #[arg(value_parser = named::<ChartName>())]
    chart: ChartName,
    /// First day, YYYY-MM-DD, UTC; by default 29 days before the last.
    #[arg(long)]
    from: Option<String>,
    /// Last day, YYYY-MM-DD, UTC; by default today. At most 400 days.
    #[arg(long)]
    to: Option<String>,
}

pub fn run(args: &Statistics, as_json: bool) -> anyhow::Result<()> {
    let here = |screening: &Screening| {
        let window = Window::read(args.from.as_deref(), args.to.as_deref(), screening.now())?;
        let mut chart = Monitor { screening }.chart(args.chart, window)?;
        if args.chart == ChartName::Followers {
            chart.left_out.push("all nodes: a server follows them, and none runs".to_owned());
        }
        Ok::<_, MonitorError>(chart)
    };
    let path = api_path(&["desk", "statistics", args.chart.name()]);
    let (from, to) = (args.from.as_deref(), args.to.as_deref());
    let answer = args.desk.answer(here, |c| c.get(&path).query_opt("from", from).query_opt("to", to))?;
    if as_json {
        return answer.print();
    }
    show(&answer);
    Ok(())
}

fn show(chart: &Value) {
    println!("{}, {} to {} (UTC)", chart.word("name"), chart.word("from"), chart.word("to"));
    let units: Vec<ChartUnit> = chart.list("series").iter().filter_map(|s| s.word("unit").parse().ok()).collect();
    let heads = chart.list("series").iter().map(|s| format!("{:>16}", s.word("name"))).collect::<String>();
    println!("{:<32}{heads}", chart.word("rows_are"));
    for row in chart.list("rows") {
        let values: String = (row.list("values").iter().zip(&units))
            .map(|(value, unit)| format!("{:>16}", value.as_i64().map_or("unknown".to_owned(), |v| unit.text(v))))
            .collect();
        println!("{:<32}{values}", row.word("label"));
    }
    chart.words("left_out").iter().for_each(|text| println!("left out: {text}"));
}
