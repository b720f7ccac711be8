"""Write the claims as JSON and the main results as LaTeX tables, for programs and papers."""

from itc.analyses._read import read_all
from itc.atomic import replaced
from itc.config import root
from itc.provenance import collect
from itc.report.sheets import claim_sheet, latex
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        params, frames = snakemake.params, read_all(snakemake.input)
        record = collect(params.study, params.config, {}, params.overlays, root())
        out = snakemake.output
        replaced(out.claims, claim_sheet(frames["claims"], frames["claim_evidence"], record))
        texts = latex(frames)
        replaced(out.main_results_tex, texts["main_results.tex"])
        replaced(out.claims_tex, texts["claims.tex"])
