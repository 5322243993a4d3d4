"""Motion: catalogue, plan, lanes, ledger, quarantine, publish; plain functions, no Prefect."""
