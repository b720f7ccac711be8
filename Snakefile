"""The study of inference-time compute: datasets, responses, grades, strategies, report."""

from snakemake.logging import logger
from snakemake.utils import min_version

min_version("9.19")


configfile: "config/default.yaml"
configfile: "config/datasets.yaml"
configfile: "config/models.yaml"
configfile: "config/procedures.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/datasets.smk"
include: "workflow/rules/responses.smk"
include: "workflow/rules/archive.smk"
include: "workflow/rules/annotation.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/reporting.smk"
include: "workflow/rules/housekeeping.smk"


onstart:
    keep_one_timer(workflow.scheduler)
    try:
        rules = {job.rule.name for job in workflow.dag.needrun_jobs()}
        checks.check_keys(grid, rules)
        checks.check_lexicons(rules)
        for line in checks.sampled_again(grid, rules):
            logger.warning(line)
    except ConfigError as error:
        raise WorkflowError(str(error)) from None


rule all:
    default_target: True
    input:
        PAGES,
    localrule: True


rule report:
    input:
        PAGES,
    localrule: True


rule figures:
    input:
        [grid.figure_paths(name).values() for name in grid.figures],
        grid.sheets.values(),
    localrule: True


rule responses:
    input:
        [grid.shard_files("responses", *cell) for cell in grid.cells],
    localrule: True
