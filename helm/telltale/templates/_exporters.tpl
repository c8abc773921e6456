{{/* What kube-state-metrics reads: no Secrets and no ConfigMaps. By API group. */}}
{{- define "telltale.stateGroups" -}}
core: [namespaces, nodes, persistentvolumeclaims, persistentvolumes, pods, resourcequotas, services]
apps: [daemonsets, deployments, replicasets, statefulsets]
autoscaling: [horizontalpodautoscalers]
batch: [cronjobs, jobs]
policy: [poddisruptionbudgets]
{{- end }}

{{- define "telltale.stateResources" -}}
{{- $all := list -}}
{{- range $resources := include "telltale.stateGroups" . | fromYaml }}{{ $all = concat $all $resources }}{{ end -}}
{{- $all | sortAlpha | join "," -}}
{{- end }}

{{/* The account of a component that asks the API server. */}}
{{- define "telltale.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "telltale.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "telltale.labels" . | nindent 4 }}
  {{- with (index .root.Values (include "telltale.key" .)).serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}

{{/* Gives that account the component's ClusterRole. */}}
{{- define "telltale.clusterRoleBinding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "telltale.name" . }}
  labels:
    {{- include "telltale.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "telltale.name" . }}
subjects:
  - kind: ServiceAccount
    name: {{ include "telltale.name" . }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{/* The host and port of a component's Service, called with "port" too. */}}
{{- define "telltale.host" -}}
{{ include "telltale.name" . }}.{{ include "telltale.domain" .root }}:{{ .port }}
{{- end }}
