import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig, OptSampleList, SampleList
from torch import Tensor

from mmpose_ext.body_models import SMPLLayer
from mmpose_ext.geometry import (
    image_translation,
    interleaved_to_columns,
    matrix_to_axis_angle,
    predicted_to_crop,
    predicted_to_image,
    rotation_6d_to_matrix,
)
from mmpose_ext.models.mesh_batch import MeshPrediction
from mmpose_ext.models.pose_estimators.mesh_targets import mesh_targets, stack_labels
from mmpose_ext.registry import MODELS
from mmpose_ext.skeletons import GRAPH15, SUPERSET30

Inputs = dict[str, Tensor]


@MODELS.register_module()
class MeshEstimator(BaseModel):
    """A SMPL body from a crop of a person and an input 2D pose.

    3DCrowdNet (Choi et al., "Learning to Estimate Robust 3D Human Mesh from In-the-Wild Crowded
    Scenes", CVPR 2022) and, with an edge map as fourth input channel, SEFD (Yang et al., "SEFD:
    Learning to Distill Complex Pose and Occlusion", ICCV 2023). What follows the features is
    computed in float32 also under autocast, whose half precision is coarser than a millimetre.

    ``inputs`` are ``img`` ``(B, 3, S, S)`` of S pixels a side, ``joints`` ``(B, 30, 2)`` in pixels
    and ``joints_mask`` ``(B, 30, 1)`` of the input pose in the order of :data:`SUPERSET30`, and for
    four-channel backbones without an edge source ``edge`` ``(B, 1, S, S)``.

    Args:
        backbone: A pose-guided backbone such as :class:`PoseGuidedResNet`.
        position_head: See :class:`SoftArgmax3DHead`.
        mesh_head: See :class:`GraphMeshHead`; its ``latent_dim`` is the prior's.
        pose_prior: What turns the latent vector into rotations.
        body_model: Arguments of :class:`SMPLLayer`.
        neck: Merges the stages for the heads, which otherwise see the last.
        edge: An edge detector that runs on the batch, see ``models.edge_sources``.
        loss: See :class:`MeshLoss`.
        data_preprocessor: See :class:`MeshDataPreprocessor`.
        init_cfg: Initialization of the whole.

    Raises:
        ValueError: If there is an edge source, but a backbone for RGB.
    """

    def __init__(
        self,
        backbone: ConfigType,
        position_head: ConfigType,
        mesh_head: ConfigType,
        pose_prior: ConfigType = dict(type='mmpose_ext.Rot6DPrior'),  # noqa: B006
        body_model: OptConfigType = None,
        neck: OptConfigType = None,
        edge: OptConfigType = None,
        loss: ConfigType = dict(type='mmpose_ext.MeshLoss'),  # noqa: B006
        data_preprocessor: ConfigType = dict(type='mmpose_ext.MeshDataPreprocessor'),  # noqa: B006
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor), init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = None if neck is None else MODELS.build(neck)
        self.position_head = MODELS.build(position_head)
        self.pose_prior = MODELS.build(pose_prior)
        self.mesh_head = MODELS.build(dict(mesh_head, latent_dim=self.pose_prior.latent_dim))
        self.loss_module = MODELS.build(loss)
        self._body_model = dict(body_model or {})
        self.body = SMPLLayer(**self._body_model)
        self._other_bodies: dict[str, SMPLLayer] = {}
        if edge is not None and self.backbone.in_channels == 3:
            raise ValueError(
                f'backbone in_channels got 3 with the edge source {edge["type"]!r}, expected 4'
            )
        self.edge = None if edge is None else MODELS.build(edge)

    def forward(
        self, inputs: Inputs, data_samples: OptSampleList = None, mode: str = 'tensor'
    ) -> MeshPrediction | dict[str, Tensor] | SampleList:
        """What MMEngine's runner calls.

        Args:
            inputs: See this class.
            data_samples: Labels or boxes, see :meth:`loss` and :meth:`predict`.
            mode: ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            What :meth:`loss`, :meth:`predict` or :meth:`estimate` returns.

        Raises:
            ValueError: If the mode is another.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.estimate(self.extract_feat(inputs), _crop_size(inputs))
        raise ValueError(f"mode got {mode!r}, expected 'loss', 'predict' or 'tensor'")

    def extract_feat(self, inputs: Inputs) -> tuple[Tensor, ...]:
        """The backbone's stages, which distillation compares.

        Args:
            inputs: See this class.

        Returns:
            Maps ``(B, C_i, H_i, W_i)``, coarsest last.
        """
        return self.backbone(self._channels(inputs), inputs['joints'], inputs['joints_mask'])

    def estimate(
        self, stages: tuple[Tensor, ...], crop_size: int, with_vertices: bool = True
    ) -> MeshPrediction:
        """From features to bodies.

        Args:
            stages: What :meth:`extract_feat` returned.
            crop_size: Side of the crop in pixels.
            with_vertices: Whether to pose the whole body; the joints alone cost a fraction.
        """
        features = (stages if self.neck is None else self.neck(stages))[-1]
        with torch.autocast(features.device.type, enabled=False):
            features = features.to(self.body.joint_regressor.dtype)
            positions = self.position_head(features)
            root, latent, betas, camera = self.mesh_head(features, positions)
            rotations = self._all_rotations(root, self.pose_prior.decode(latent))
            if with_vertices:
                vertices, joints = self.body(rotations, betas)
            else:
                vertices, joints = None, self.body.joints(rotations, betas)
            projected = predicted_to_crop(joints, camera, crop_size)
            projected = projected * (self.position_head.volume_size / crop_size)
        return MeshPrediction(positions, rotations, betas, camera, vertices, joints, projected)

    def loss(self, inputs: Inputs, data_samples: SampleList) -> dict[str, Tensor]:
        """Calculate losses.

        Args:
            inputs: See this class.
            data_samples: Their labels, as ``PackMeshInputs`` packs them.

        Returns:
            The terms of the loss module.
        """
        return self.mesh_losses(self.extract_feat(inputs), inputs, data_samples)

    def mesh_losses(
        self, stages: tuple[Tensor, ...], inputs: Inputs, data_samples: SampleList
    ) -> dict[str, Tensor]:
        """The losses of :meth:`loss`, for features that are there already."""
        crop_size = _crop_size(inputs)
        prediction = self.estimate(stages, crop_size, with_vertices=False)
        with torch.autocast(prediction.betas.device.type, enabled=False):
            targets = mesh_targets(
                data_samples,
                self._body,
                self.body.gender,
                crop_size,
                self.position_head.volume_size,
                prediction.betas,
            )
            return self.loss_module(prediction, targets)

    @torch.no_grad()
    def predict(self, inputs: Inputs, data_samples: SampleList) -> SampleList:
        """Predict bodies.

        Args:
            inputs: See this class.
            data_samples: With ``bboxes`` (xyxy, the square that was cropped, in pixels of the
                image) and ``bbox_scores`` in ``gt_instances``.

        Returns:
            The samples with ``pred_instances``, arrays of one instance each, in metres and radians:
            ``smpl_rotations`` and ``smpl_pose`` (rotation vectors), ``smpl_betas``; ``vertices``
            and ``joints`` relative to the pelvis; ``camera`` as predicted; ``transl``, which
            brings vertices and joints into the virtual camera of the full image
            (``geometry.image_camera``); ``keypoints``, the joints in pixels of the image through
            the crop's own camera, and ``keypoint_scores``: that of the mesh head's joints, their
            mean for others; ``graph_joints``, x and y in pixels of the crop and depth relative to
            the pelvis; ``bboxes``, ``bbox_scores``.
        """
        crop_size = _crop_size(inputs)
        prediction = self.estimate(self.extract_feat(inputs), crop_size)
        boxes = stack_labels(data_samples, 'bboxes', prediction.betas)
        fields = self._instances(prediction, boxes, crop_size)
        arrays = {name: value.cpu().numpy() for name, value in fields.items()}
        for index, sample in enumerate(data_samples):
            instances = InstanceData(
                **{name: array[index : index + 1] for name, array in arrays.items()}
            )
            instances.bbox_scores = sample.gt_instances.bbox_scores
            sample.pred_instances = instances
        return data_samples

    def _channels(self, inputs: Inputs) -> Tensor:
        images = inputs['img']
        if self.backbone.in_channels == 3:
            return images
        if self.edge is not None:
            edges = self.edge(self.data_preprocessor.unit_images(images))
        elif 'edge' in inputs:
            edges = inputs['edge']
        else:
            raise ValueError(
                f"inputs got {sorted(inputs)} without 'edge', expected an edge map for the "
                f'{self.backbone.in_channels} channels of the backbone: add RenderSMPLEdge, '
                'LoadEdgeMap or DetectEdges to the pipeline, or `edge` to the model'
            )
        edges = self.data_preprocessor.standardize_edges(edges.to(images))
        return torch.cat([images, edges], dim=1)

    def _all_rotations(self, root: Tensor, body: Tensor) -> Tensor:
        """Rotations of SMPL's 24 joints; the hands, which nothing says anything about, are at rest.

        Args:
            root: ``(B, 6)``.
            body: Of joints 1 to 21, ``(B, 21, 3, 3)``.
        """
        root = rotation_6d_to_matrix(interleaved_to_columns(root))[:, None]
        hands = torch.eye(3, dtype=body.dtype, device=body.device).expand(len(body), 2, 3, 3)
        return torch.cat([root, body, hands], dim=1)

    def _body(self, gender: str) -> SMPLLayer:
        """The layer of a gender, for labels. Others than the network's own are kept out of it."""
        if gender == self.body.gender:
            return self.body
        if gender not in self._other_bodies:
            self._other_bodies[gender] = SMPLLayer(**(self._body_model | dict(gender=gender)))
        return self._other_bodies[gender].to(self.body.joint_regressor.device)

    def _instances(
        self, prediction: MeshPrediction, boxes: Tensor, crop_size: int
    ) -> dict[str, Tensor]:
        xywh = torch.cat([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], dim=1)
        pelvis = prediction.pelvis
        coordinates, scores = prediction.positions.coordinates, prediction.positions.scores[..., 0]
        keypoint_scores = scores.mean(dim=1, keepdim=True).repeat(1, SUPERSET30.num_keypoints)
        keypoint_scores[:, SUPERSET30.indices(GRAPH15.keypoints)] = scores
        unit = coordinates / self.position_head.volume_size
        return dict(
            smpl_pose=matrix_to_axis_angle(prediction.rotations),
            smpl_betas=prediction.betas,
            smpl_rotations=prediction.rotations,
            vertices=prediction.vertices - pelvis,
            joints=prediction.joints - pelvis,
            camera=prediction.camera,
            transl=image_translation(prediction.camera, xywh[:, 2:]) + pelvis[:, 0],
            keypoints=predicted_to_image(prediction.joints, prediction.camera, xywh, crop_size),
            keypoint_scores=keypoint_scores,
            graph_joints=torch.cat([unit[..., :2] * crop_size, unit[..., 2:] * 2 - 1], dim=-1),
            bboxes=boxes,
        )


def _crop_size(inputs: Inputs) -> int:
    height, width = inputs['img'].shape[-2:]
    if height != width:
        raise ValueError(f'images got the size (h, w) {(height, width)!r}, expected a square')
    return width
