"""The site file that `streetwarden init` writes."""

SITE_TEMPLATE = """\
# A streetwarden site: cameras, what is forbidden where, and where cases go.
# Try it:     streetwarden check THIS_FILE      (nothing is written, no camera is opened)
# See more:   streetwarden check THIS_FILE --probe --still stills/
# Every key is described in docs/site-file.md.
version: 1

site:
  id: my-site                 # letters, digits, '.', '_', '-'; part of every case key: keep it
  timezone: Asia/Shanghai     # permits and schedules below are in this time zone
  language: zh-CN             # of evidence and cases: zh-CN or en
  # grid_length: 14           # where grid codes have the older 14 characters (15 otherwise)

# data: ./my-site-data        # store, evidence, a site's own models; this is the default

models:
  - name: street              # the bundled model
  # - name: coco              # or a file of your own (ONNX), relative to this file
  #   file: models/yolo11n.onnx
  #   conf: 0.3               # score from which its boxes count

sampling:
  interval_s: 2               # one look every two seconds; a camera may say otherwise
  # gate: {forced_s: 20}      # no model looks where nothing has changed, but every 20 s: for quiet
                              # streets (docs/motion-gate.md)

evidence:
  retain:                     # left out: evidence is kept for ever (docs/privacy.md)
    days: 30                  # never removed before this age,
    closed_days: 30           # nor before its case has been closed for as long as this
    open: keep                # or the age in days at which it goes although nobody closed the case

api:
  listen: "127.0.0.1:8310"
  # token: "${API_TOKEN}"     # secrets come from the environment; without one, one is made and
                              # kept in the data folder

# allow:                      # hosts that may be spoken to; left out: those that this file names
#   camera_hosts: [10.1.0.0/16]
#   case_hosts: [cases.example]

case_system:                  # left out: cases stay on this machine
  kind: open311
  url: "http://127.0.0.1:8311/open311/v2"   # `streetwarden desk` listens there, to try things out
  # api_key: "${CASE_API_KEY}"
  codes: gbt47678-2026        # or cjt214-2007, or a .yaml file of your city's own codes

cameras:
  - id: street-01
    url: "rtsp://192.0.2.10:554/stream1"    # rtsp, rtsps, http, https, or file:clip.mp4
    # sub_url: "rtsp://192.0.2.10:554/stream2"   # a smaller stream of the same view, for analysis
    # username: viewer
    # password: "${CAM_PASSWORD}"
    place:                    # a zone may override any of these, under a place: of its own
      lat: 36.0986
      lon: 120.3719
      address: "市北区营口路"
      grid: "370203001001001"
      # department: "..."
    zones:
      # Corners in fractions of the picture, in the order in which you walk around the zone:
      # x from the left, y from the top. `check --probe --still` saves a picture with a grid.
      - id: kerb-north
        kind: no_parking
        polygon: [[0.10, 0.50], [0.90, 0.50], [0.90, 0.90], [0.10, 0.90]]
    rules:
      - kind: illegal_parking
        zones: [kerb-north]
        dwell_s: 300          # how long a vehicle must stand
        # allow:              # when it may
        #   - {days: mon-sun, from: "22:00", to: "06:00"}
        # review: required    # a person approves each case before it is delivered
"""
"""A commented site file to start from; passes `check` as it is."""
