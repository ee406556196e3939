# The SMPL edge estimator (SEE), a U-Net that learns to draw the SMPL edges of an image; see.py uses
# it. The paper gives its losses, .2 x L1 + .8 x perceptual, but no schedule: this is the teacher's.
#     tools/dist_train.sh configs/sefd/smpl_edge_estimator.py 2
_base_ = '../sefd_teacher.py'

model = dict(
    _delete_=True,
    type='mmpose_ext.SMPLEdgeEstimator',
    data_preprocessor=dict(type='mmpose_ext.MeshDataPreprocessor'),
    perceptual=dict(
        type='mmpose_ext.PerceptualLoss',
        checkpoint='https://download.pytorch.org/models/vgg16-397923af.pth',
    ),
)

# Bodies are not predicted, so that there is nothing to measure.
val_cfg = val_dataloader = val_evaluator = None
test_cfg = test_dataloader = test_evaluator = None
default_hooks = dict(checkpoint=dict(save_best=None, rule=None))
