# Figure 7, VIBE with the metric loss and 100 shots. For any number: few_shot_grid.py.
_base_ = 'adapt_metric.py'

shots = dict(k=100, manifest='work_dirs/fewshot_adapt/shots_k100_seed0.json')
train_cfg = dict(extra_dataloaders=dict(target=dict(dataset=shots)))
val_dataloader = dict(dataset=shots)
