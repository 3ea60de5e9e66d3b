"""Published transfer figures, to set ours beside: PASCAL VOC with AlexNets, Pathak et al. (CVPR 2016), table 2."""

# mAP of classification and detection, mean IoU of segmentation, in per cent; how long the pre-training took
ROWS = (
    {
        "teacher": "ImageNet labels",
        "classification": 78.2,
        "detection": 56.8,
        "segmentation": 48.0,
        "pretraining": "3 days",
    },
    {"teacher": "motion (Wang and Gupta)", "classification": 58.7, "detection": 47.4, "pretraining": "1 week"},
    {"teacher": "relative context (Doersch)", "classification": 55.3, "detection": 46.6, "pretraining": "4 weeks"},
    {
        "teacher": "inpainting (Pathak)",
        "classification": 56.5,
        "detection": 44.5,
        "segmentation": 30.0,
        "pretraining": "14 hours",
    },
)
