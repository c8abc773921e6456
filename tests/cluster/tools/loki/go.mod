module telltale.dev/tests/cluster/tools/loki

go 1.16

// Loki 2.2.1, the last release under the Apache License 2.0. Never move to github.com/grafana/loki/v3:
// it is under the AGPL. json-iterator (and with it reflect2) is newer than Loki 2.2.1 asks for: the older
// one panics in query_range when a current Go compiles it.
require (
	github.com/grafana/loki v1.6.2-0.20210406003638-babea82ef558
	github.com/json-iterator/go v1.1.12
)

// The replacements of Loki 2.2.1's own go.mod.
replace (
	github.com/Azure/azure-sdk-for-go => github.com/Azure/azure-sdk-for-go v36.2.0+incompatible
	github.com/bradfitz/gomemcache => github.com/themihai/gomemcache v0.0.0-20180902122335-24332e2d58ab
	github.com/go-openapi/errors => github.com/go-openapi/errors v0.19.4
	github.com/go-openapi/validate => github.com/go-openapi/validate v0.19.8
	github.com/gocql/gocql => github.com/grafana/gocql v0.0.0-20200605141915-ba5dc39ece85
	github.com/hashicorp/consul => github.com/hashicorp/consul v1.5.1
	github.com/hpcloud/tail => github.com/grafana/tail v0.0.0-20201004203643-7aa4e4a91f03
	github.com/satori/go.uuid => github.com/satori/go.uuid v1.2.0
	google.golang.org/grpc => google.golang.org/grpc v1.29.1
	k8s.io/api => k8s.io/api v0.19.4
	k8s.io/client-go => k8s.io/client-go v0.19.4
)
