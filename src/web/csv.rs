//! Lists as files that spreadsheets open.

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};

/// Answers with rows of text, the names of the columns first. What a spreadsheet would take for a formula is written so
/// that it stays text.
///
/// # Errors
/// None but what writing to memory can give.
pub fn csv_file<const N: usize>(
    name: &str,
    columns: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> anyhow::Result<HttpResponse> {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(columns)?;
    for row in rows {
        file.write_record(row.map(as_text))?;
    }
    let bytes = file.into_inner().map_err(|error| anyhow::anyhow!("{}", error.error()))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(bytes))
}

fn as_text(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::as_text;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, written) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("Contoso.Core", "Contoso.Core"), ("", "")] {
            assert_eq!(as_text(cell.to_owned()), written);
        }
    }
}
