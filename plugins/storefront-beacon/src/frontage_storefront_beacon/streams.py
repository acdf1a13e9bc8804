"""What is recorded, and what is counted from it."""

from datetime import timedelta

from frontage.plugin import Stream
from frontage_storefront_beacon.counting import count_interactions
from frontage_storefront_beacon.interaction import Interaction

streams = [Stream("events", row=Interaction, rollup=count_interactions, retention=timedelta(days=400))]
