#!/usr/bin/env python3
"""Brings the reports of one underfoot agent from MQTT into ROS 2.

    python3 underfoot_bridge.py --robot husky-1 --host broker.local

    /underfoot/husky_1/surface     std_msgs/String   the surface to act on, latched; `unknown` is one
    /underfoot/husky_1/trusted     std_msgs/Bool     latched; false when unknown, under drift, or agent or broker are away
    /underfoot/husky_1/confidence  std_msgs/Float32  smoothed confidence, each window
    /underfoot/husky_1/prediction  std_msgs/String   the whole report of each window, JSON

Needs paho-mqtt 2 and, without --print, a sourced ROS 2 (rclpy). --print writes a line of JSON a message instead.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import paho.mqtt.client as mqtt

LATCHED = ("surface", "trusted")


class Bridge:
    """Turns MQTT reports into calls of publish(name, value); knows nothing of ROS."""

    def __init__(self, publish):
        self.publish = publish
        self.reachable = self.drift = None
        self.surface = self.trusted = None

    def on_report(self, name, payload):
        try:
            report = json.loads(payload)
            if report["schemaVersion"] != 1:
                return
            if name == "status":
                self.reachable = report["state"] != "offline"
            elif name == "drift":
                self.drift = report["state"] == "drift"
            elif name == "surface":
                self.change_surface(str(report["label"]))
            elif name == "prediction":
                self.publish("confidence", float(report["smoothedConfidence"]))
                self.publish("prediction", json.dumps(report))
                self.drift = bool(report["drift"])
                self.change_surface(str(report["surface"]))
        except (ValueError, KeyError, TypeError):
            return  # Not a report: whoever may publish here may publish anything.
        self.judge()

    def on_silence(self):
        """The broker is away: nothing is known of the robot until its retained reports come again."""
        self.reachable = self.drift = self.surface = None
        self.judge()

    def judge(self):
        trusted = bool(self.reachable and not self.drift and self.surface not in (None, "unknown"))
        if trusted != self.trusted:
            self.trusted = trusted
            self.publish("trusted", trusted)

    def change_surface(self, label):
        if label != self.surface:
            self.surface = label
            self.publish("surface", label)


def connect(options, bridge):
    """An MQTT client that connects, again and again, in a thread of its own."""
    base = f"{options.prefix}/{options.robot}/"
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    if options.ca:
        client.tls_set(options.ca)
    if options.username_file:
        password = options.password_file and Path(options.password_file).read_text().splitlines()[0]
        client.username_pw_set(Path(options.username_file).read_text().splitlines()[0], password)

    def on_connect(client, _data, _flags, reason, _properties):
        print(f"broker: {reason}", file=sys.stderr)
        if not reason.is_failure:
            client.subscribe([(base + name, 1) for name in ("status", "drift", "surface", "prediction")])

    client.on_connect = on_connect
    client.on_disconnect = lambda *_: bridge.on_silence()
    client.on_message = lambda _client, _data, message: bridge.on_report(
        message.topic[len(base) :], message.payload
    )
    client.reconnect_delay_set(1, 60)
    client.connect_async(options.host, options.port)
    return client


def ros_publisher(robot):
    """publish(name, value) into ROS 2, and what keeps the node alive."""
    import rclpy
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import Bool, Float32, String

    rclpy.init()
    node = rclpy.create_node("underfoot_bridge")
    # A ROS name takes no hyphen and begins with a letter.
    level = re.sub(r"^(?=\d)", "r", robot.replace("-", "_"))
    types = {"surface": String, "trusted": Bool, "confidence": Float32, "prediction": String}
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publishers = {
        name: node.create_publisher(kind, f"/underfoot/{level}/{name}", latched if name in LATCHED else 10)
        for name, kind in types.items()
    }
    return lambda name, value: publishers[name].publish(types[name](data=value)), lambda: rclpy.spin(node)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robot", required=True)
    parser.add_argument("--prefix", default="underfoot")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--ca", help="PEM; turns TLS on")
    parser.add_argument("--username-file")
    parser.add_argument("--password-file")
    parser.add_argument("--print", action="store_true", help="no ROS: a line of JSON a message")
    options = parser.parse_args()
    if options.print:
        client = connect(options, Bridge(lambda name, value: print(json.dumps({name: value}), flush=True)))
        client.loop_forever(retry_first_connection=True)
    else:
        publish, spin = ros_publisher(options.robot)
        client = connect(options, Bridge(publish))
        client.loop_start()
        spin()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
