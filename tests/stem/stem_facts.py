"""The facts in bridge-extra-info documents, as stem reads them: as rows of the warehouse's tables, in JSON.

    stem_facts.py FILE…

Files of documents, folders of such, and tars, packed or not. Of several documents about one interval the newest counts.
"""
import io
import json
import os
import sys
import tarfile
from datetime import timedelta

from stem.descriptor.extrainfo_descriptor import BridgeExtraInfoDescriptor, _parse_file


def texts(paths):
    for path in paths:
        if os.path.isdir(path):
            yield from texts(os.path.join(path, name) for name in sorted(os.listdir(path)))
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as tar:
                yield from (tar.extractfile(member).read() for member in tar if member.isfile())
        else:
            with open(path, "rb") as file:
                yield file.read()


def documents(paths):
    for text in texts(paths):
        # stem knows no annotation but `@type`, and takes others for lines of the document before them.
        lines = [line for line in text.splitlines(keepends=True) if not line.startswith(b"@") or line.startswith(b"@type ")]
        for document in _parse_file(io.BytesIO(b"".join(lines)), is_bridge=True, validate=True):
            assert isinstance(document, BridgeExtraInfoDescriptor)
            yield document


def main():
    count, newest = 0, {}
    digests, bridges = set(), set()

    def tell(kind, document, ends, rows):
        key = (kind, document.fingerprint, ends)
        if key not in newest or newest[key][0] < document.published:
            newest[key] = (document.published, rows)

    for document in documents(sys.argv[1:]):
        count += 1
        digests.add(document.digest())
        bridge = document.fingerprint
        bridges.add(bridge)
        if document.bridge_stats_end:
            ends = str(document.bridge_stats_end)
            versions, countries, transports = document.ip_versions, document.bridge_ips, document.ip_transports
            # What stem leaves to its caller: two empty lines say that tor had no GeoIP, and not that nobody came.
            no_geoip = versions == {} and countries == {}
            ipv4, ipv6 = (versions["v4"], versions["v6"]) if versions else (None, None)
            rows = {"report": [[bridge, ends, document.bridge_stats_interval, ipv4, ipv6, no_geoip]]}
            rows["country_count"] = [[bridge, ends, name, clients] for name, clients in (countries or {}).items()]
            rows["transport_count"] = [[bridge, ends, name, clients] for name, clients in (transports or {}).items()]
            tell("report", document, ends, rows)
        if document.dir_stats_end:
            ends = str(document.dir_stats_end)
            answered = (document.dir_v3_responses or {}).get("ok")
            rows = {"request": [[bridge, ends, document.dir_stats_interval, answered]]}
            countries = document.dir_v3_requests or {}
            rows["request_country_count"] = [[bridge, ends, name, requests] for name, requests in countries.items()]
            tell("request", document, ends, rows)
        traffic = {}
        for column, way in enumerate(["write", "read"]):
            values = getattr(document, f"{way}_history_values") or []
            for age, value in enumerate(reversed(values)):
                seconds = getattr(document, f"{way}_history_interval")
                ends = str(getattr(document, f"{way}_history_end") - timedelta(seconds=age * seconds))
                traffic.setdefault(ends, [bridge, ends, seconds, None, None])[3 + column] = value
        for ends, row in traffic.items():
            tell("traffic", document, ends, {"traffic": [row]})
    tables = {"report": [], "country_count": [], "transport_count": [], "request": [], "request_country_count": [], "traffic": []}
    for _, rows in newest.values():
        for table, more in rows.items():
            tables[table] += more
    json.dump({"documents": count, "digests": len(digests), "bridges": len(bridges), "tables": tables}, sys.stdout)


main()
