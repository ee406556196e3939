# What every training has in common. A clear error where the package is not installed; MMEngine
# finds the registered classes without it too.
custom_imports = dict(imports=['mmpose_ext'], allow_failed_imports=False)
default_scope = 'mmpose'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # Two, because MMEngine deletes the oldest before it writes the newest.
    checkpoint=dict(type='CheckpointHook', interval=10, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    epoch_seed=dict(type='mmpose_ext.EpochSeedHook'),
    resume_validation=dict(type='mmpose_ext.ResumeValidationHook'),
    curves=dict(type='mmpose_ext.CurvesHook', metrics=['avg/*', '*/AP', '*/PCK', 'AP', 'PCK']),
    # Off until --show or --show-dir, and --badcase, turn them on.
    visualization=dict(type='PoseVisualizationHook', enable=False),
    badcase=dict(
        type='BadCaseAnalysisHook',
        enable=False,
        out_dir='badcase',
        metric_type='loss',
        badcase_thr=5,
    ),
)
# Batch norm statistics of the processes are averaged at the end of each epoch.
custom_hooks = [dict(type='SyncBuffersHook')]

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # gloo takes its place on machines without GPU.
    dist_cfg=dict(backend='nccl'),
)

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='PoseLocalVisualizer', vis_backends=vis_backends, name='visualizer')

log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True, num_digits=6)
log_level = 'INFO'
load_from = None
resume = False

backend_args = dict(backend='local')
