rule estimate:
    log:
        f"logs/estimate/{grid.study.name}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    message:
        "estimating {grid.study.name}"
    script:
        "../scripts/estimate_study.py"
